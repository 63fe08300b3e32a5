import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Adapter } from '../adapter.js';
import { fromMarkdown } from '../formatting/from-markdown.js';
import type { AdapterMemory } from '../memory/adapter-memory.js';
import { memoryOnly } from '../memory/memory-only.js';
import { runAdapter } from '../run-adapter.js';
import type { Place, Surface } from '../surface.js';
import type { ConformancePlatform, PlatformCase } from './conformance-platform.js';
import { PracticeNexus, type PracticeReply } from './practice-nexus.js';
import { until } from './until.js';

const LONG = Array.from({ length: 160 }, (_, i) => `Paragraph ${i} of a long answer, with *style*, äöü and 😀, which is long enough to fill a line.`).join('\n\n') + '\n\n```ts\n' + 'const line = "code";\n'.repeat(60) + '```\n\nThe end.';

/** What surfaces and the kit promise together, with a NEXUS for practice. */
export const adapterCases: readonly PlatformCase[] = [
  {
    name: 'answers each message once, in the order of the questions, in two places at once',
    check: async (platform) => {
      const nexus = new PracticeNexus(({ text }) => ({ text: `answer to ${text}`, parts: ['answer ', 'to '] }));
      const adapter = await run(platform.surface, nexus, kept());
      const questions = Array.from({ length: 12 }, (_, i) => `question ${i}`);
      for (const text of questions) for (const place of [platform.place, platform.otherPlace]) await platform.write({ place, text });
      for (const place of [platform.place, platform.otherPlace]) await shows(platform, place, questions.map((text) => `answer to ${text}`));
      await adapter.stop();
    },
  },
  {
    name: 'shows a long answer whole, in pieces that the platform takes',
    check: async (platform) => {
      const nexus = new PracticeNexus(() => ({ text: LONG, parts: LONG.match(/[\s\S]{1,700}/g) ?? [] }));
      const adapter = await run(platform.surface, nexus, kept());
      await platform.write({ place: platform.place, text: 'a long one' });
      const whole = read(fromMarkdown(LONG).text);
      await until('the whole answer', () => seen(platform, platform.place), (texts) => read(texts.join('')) === whole, 60_000);
      await adapter.stop();
    },
  },
  {
    name: 'goes on after a restart in the midst of an answer, and doubles nothing',
    check: async (platform) => {
      const nexus = new PracticeNexus(({ text }) => ({ text: `answer to ${text}, which takes its time`, parts: ['answer to ', text, ', which ', 'takes ', 'its '], delayMs: 60 }));
      const memory = kept();
      const first = await run(platform.surface, nexus, memory);
      for (const text of ['one', 'two', 'three']) await platform.write({ place: platform.place, text });
      await until('all asked', () => first.health().open, (open) => open >= 2);
      await first.stop(0);
      const second = await run(await platform.restarted(), nexus, memory);
      await shows(platform, platform.place, ['one', 'two', 'three'].map((text) => `answer to ${text}, which takes its time`));
      await second.stop();
    },
  },
  {
    name: 'passes a file on to NEXUS and brings one back, where there are files',
    check: async (platform) => {
      const { files } = platform.surface.capabilities();
      if (!files) return;
      const reply = ({ attachments }: { readonly attachments: readonly { readonly uri: string }[] }): PracticeReply => ({ text: 'here it is', files: attachments.map(({ uri }) => uri) });
      const nexus = new PracticeNexus(reply);
      const adapter = await run(platform.surface, nexus, kept());
      const content = Buffer.from('the bytes of a file');
      await platform.write({ place: platform.place, text: 'take this', file: { name: 'a.txt', mediaType: 'text/plain', content } });
      const shown = await until('an answer with a file', () => platform.shown(platform.place), (messages) => messages.some(({ hasFile }) => hasFile));
      deepEqual(shown.map(({ hasFile }) => hasFile), [false, true]);
      deepEqual([...nexus.files.values()].map((file) => Buffer.from(file.content)), [content]);
      await adapter.stop();
    },
  },
  {
    name: 'tells a refusal in a sentence, and the commands that it knows',
    check: async (platform) => {
      const nexus = new PracticeNexus(() => ({ text: 'raw', refusal: { code: 'budget_exceeded', isRetryable: true, retryAfterMs: 7_200_000 } }));
      const adapter = await run(platform.surface, nexus, kept());
      await platform.write({ place: platform.place, text: 'spend' });
      const [refusal] = await until('the refusal', () => seen(platform, platform.place), (texts) => texts.some((text) => text.includes('2 hours')));
      ok(refusal?.includes('budget'));
      await platform.write({ place: platform.place, text: '/help' });
      await until('the help', () => seen(platform, platform.place), (texts) => texts.some((text) => text.includes('/model')));
      equal(nexus.asked.length, 0);
      await adapter.stop();
    },
  },
];

/** Remembers over a restart within the process. */
function kept(): AdapterMemory {
  return { ...memoryOnly(), isDurable: true };
}

function run(surface: Surface, nexus: PracticeNexus, memory: AdapterMemory): Promise<Adapter> {
  return runAdapter({ surface, transport: nexus.transport(), memory, settings: { republishMs: 300 } });
}

async function seen(platform: ConformancePlatform, place: Place): Promise<readonly string[]> {
  return (await platform.shown(place)).map(({ text }) => text);
}

/** Waits until exactly these answers stand there, and looks a little later whether it stays so. */
async function shows(platform: ConformancePlatform, place: Place, answers: readonly string[]): Promise<void> {
  const isSo = (texts: readonly string[]): boolean => texts.length >= answers.length && read(texts.join(' ')) === read(answers.join(' '));
  await until(`exactly ${answers.length} answers`, () => seen(platform, place), isSo, 60_000);
  deepEqual((await seen(platform, place)).map(read), answers.map(read));
}

const read = (text: string): string => text.replace(/[\s\u200b]+/g, '');
