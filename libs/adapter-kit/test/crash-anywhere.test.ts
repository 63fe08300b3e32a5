import { type AdapterMemory, type PaperOptions, PaperPlatform, PracticeNexus, memoryOnly, runAdapter } from '../src/index.js';
import { waitFor } from '@nexus/testing';
import { describe, expect, it } from 'vitest';
import { Life } from './life.js';

const HOME = { chatId: 'home', topicId: '' };
const TOPIC = { chatId: 'forum', topicId: '7' };
const QUESTIONS = ['one', 'two', 'three'];
const PLACEHOLDER = '…';

const answerTo = (text: string): string => `Answer to ${text}. ${'It is long enough for two. '.repeat(3)}`.trim();

function nexus(): PracticeNexus {
  return new PracticeNexus(({ text }) => ({ text: answerTo(text), parts: answerTo(text).match(/[\s\S]{1,40}/g) ?? [], delayMs: 1 }));
}

async function begin(life: Life, platform: PaperPlatform, practice: PracticeNexus, memory: AdapterMemory): Promise<void> {
  const mortal = life.of({ ...memory, isDurable: true });
  await runAdapter({ surface: life.of(platform.surface()), transport: life.of(practice.transport()), memory: mortal, settings: { republishMs: 40 } });
}

/** Asks, dies at a step, begins anew, and gives what people see in the end. */
async function outlive(options: PaperOptions, diesAt: number): Promise<{ readonly steps: number; readonly platform: PaperPlatform; readonly practice: PracticeNexus }> {
  const platform = new PaperPlatform({ maxTextLength: 60, editEveryMs: 1, ...options });
  const practice = nexus();
  const memory = memoryOnly();
  const first = new Life(diesAt);
  for (const text of QUESTIONS) for (const place of [HOME, TOPIC]) platform.write(place, text);
  void begin(first, platform, practice, memory);
  const isDone = (): boolean => [HOME, TOPIC].every((place) => read(platform.texts(place)) === QUESTIONS.map(answerTo).join(' '));
  const isRemembered = async (): Promise<boolean> => (await memory.list('')).length === 0;
  await Promise.race([first.ended.promise, waitFor(async () => isDone() && (await isRemembered()), { timeoutMs: 8_000, what: `all answers without dying: ${JSON.stringify([platform.texts(HOME), platform.texts(TOPIC)])}` })]);
  const { steps } = first;
  if (steps >= diesAt) {
    await begin(new Life(), platform, practice, memory);
    await waitFor(async () => isDone() && (await isRemembered()), { timeoutMs: 8_000, what: `all answers after dying at step ${diesAt}: ${JSON.stringify([platform.texts(HOME), platform.texts(TOPIC)])}` });
  }
  return { steps, platform, practice };
}

/** What is read, without placeholders that nobody can find any more. */
function read(texts: readonly string[]): string {
  return texts.filter((text) => text !== PLACEHOLDER).join(' ');
}

describe.each<[string, PaperOptions, number]>([
  ['a platform that edits and knows no nonces', { edits: true, knowsNonces: false }, 1],
  ['a platform that edits and knows nonces', { edits: true, knowsNonces: true }, 0],
  ['a platform that only posts and knows nonces', { edits: false, knowsNonces: true }, 0],
])('%s', (_name, options, mostStrays) => {
  it('shows every answer once and in order, wherever the adapter is killed', async () => {
    const { steps } = await outlive(options, Infinity);
    expect(steps).toBeGreaterThan(50);
    for (let diesAt = 1; diesAt < steps; diesAt++) {
      const { platform, practice } = await outlive(options, diesAt);
      for (const place of [HOME, TOPIC]) {
        expect(read(platform.texts(place)), `died at step ${diesAt}`).toBe(QUESTIONS.map(answerTo).join(' '));
        expect(platform.texts(place).filter((text) => text === PLACEHOLDER).length).toBeLessThanOrEqual(mostStrays);
        expect(practice.asked.filter(({ chatId }) => chatId === place.chatId).map(({ text }) => text)).toEqual(QUESTIONS);
      }
    }
  }, 300_000);
});
