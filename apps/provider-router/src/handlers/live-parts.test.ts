import { create } from '@bufbuild/protobuf';
import type { Message, OutgoingMessage } from '@nexus/channels';
import { InferenceRequestSchema, type ProgressPart } from '@nexus/contracts';
import { anthropic, openAiChat, type AnswerEvent, type AnswerFrame } from '@nexus/wires';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveParts, type PartsForm } from './live-parts.js';

const published: ProgressPart[] = [];
const bus = {
  publish: (message: OutgoingMessage): Promise<void> => {
    if (message.channel === 'requests.progress') published.push(message.payload as ProgressPart);
    return Promise.resolve();
  },
};
const plain: PartsForm = { wantsUsage: false, writer: undefined };

function partsOf(form: PartsForm, isRun = false): LiveParts {
  const payload = create(InferenceRequestSchema, { attemptId: 'a', ...(isRun && { run: { runId: 'r', step: 2, epoch: 3n } }) });
  const message = { channel: 'inference.request', id: 'a', tenantId: 't', correlationId: 'c', trace: undefined, replyTo: 'me', metadata: {}, payload } as unknown as Message<'inference.request'>;
  return new LiveParts(bus, message, form);
}
/** Everything that was sent as events, in one text. */
const events = (): string => published.map(({ part }) => (part.case === 'events' ? Buffer.from(part.value).toString() : '')).join('');
const add = (live: LiveParts, json: string, event?: string, said: readonly AnswerEvent[] = []): void => live.add(Buffer.from(json), JSON.parse(json) as Record<string, unknown>, event, said);

beforeEach(() => {
  published.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what goes through as it is', () => {
  it('is sent byte for byte, with the names of its events: what came first at once, the others together', async () => {
    const live = partsOf(plain);
    add(live, '{ "type":"message_start" }', 'message_start');
    add(live, '{"type":"ping"}', 'ping');
    await Promise.resolve();
    expect(published).toHaveLength(1);
    add(live, '{"n":1.50}');
    add(live, '{"n":2}');
    await Promise.resolve();
    expect(published).toHaveLength(1);
    vi.advanceTimersByTime(25);
    expect(published.map(({ seq }) => seq)).toEqual([0n, 1n]);
    expect(events()).toBe('event: message_start\ndata: { "type":"message_start" }\n\nevent: ping\ndata: {"type":"ping"}\n\ndata: {"n":1.50}\n\ndata: {"n":2}\n\n');
  });

  it('stays one event where its JSON has several lines', () => {
    const live = partsOf(plain);
    add(live, '{\n"a": 1\n}');
    live.end();
    expect(events()).toBe('data: {"a":1}\n\n');
  });

  it('holds the usage of a stream only for who asked for it', () => {
    const usage = '{"choices":[],"usage":{"prompt_tokens":1}}';
    for (const wantsUsage of [false, true]) {
      expect(events()).toBe('');
      const live = partsOf({ ...plain, wantsUsage });
      add(live, usage);
      live.end();
    }
    expect(events()).toContain('prompt_tokens');
  });
});

describe('what is written anew for the client', () => {
  const frame: AnswerFrame = { id: 'x-1', model: 'asked', createdAt: 1, request: { model: 'asked', isStream: true, messages: [], tools: [], stop: [], wantsUsage: true } };
  const said: readonly AnswerEvent[] = [
    { kind: 'start', id: 'theirs', model: 'm' },
    { kind: 'text', index: 0, text: 'hel' },
    { kind: 'text', index: 0, text: 'lo' },
    { kind: 'usage', usage: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: undefined } },
    { kind: 'finish', reason: 'stop' },
  ];

  it('ends with its usage, and leaves [DONE] to whoever writes it out', () => {
    const live = partsOf({ wantsUsage: true, writer: openAiChat.writer(frame) });
    for (const it of said) add(live, '{"theirs":1}', undefined, [it]);
    live.end();
    expect(events()).not.toMatch(/theirs|\[DONE\]/);
    const chunks = events().trim().split('\n\n').map((event) => JSON.parse(event.replace('data: ', '')) as { choices: { delta: { content?: string }; finish_reason: string | null }[]; usage?: { prompt_tokens: number } });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('hello');
    expect(chunks.at(-1)?.usage?.prompt_tokens).toBe(10);
  });

  it('is whole only when the answer was', () => {
    const whole = partsOf({ wantsUsage: false, writer: anthropic.writer(frame) });
    add(whole, '{}', undefined, said);
    whole.end();
    expect(events()).toContain('event: message_stop');
    published.length = 0;
    const cut = partsOf({ wantsUsage: false, writer: anthropic.writer(frame) });
    add(cut, '{}', undefined, said.slice(0, 2));
    cut.flush();
    expect(events()).toContain('hel');
    expect(events()).not.toContain('message_stop');
  });

  it('sends nothing for what says nothing in the client\'s wire', () => {
    const live = partsOf({ wantsUsage: false, writer: openAiChat.writer(frame) });
    add(live, '{"type":"ping"}', 'ping', []);
    live.end();
    expect(published).toEqual([]);
    expect(live.sent).toBe(0);
  });
});

it('tells those who follow a run its text and its thoughts', async () => {
  const live = partsOf(plain, true);
  add(live, '{}', undefined, [{ kind: 'start', id: 'x', model: 'm' }]);
  add(live, '{}', undefined, [{ kind: 'reasoning', index: 0, text: 'hm' }]);
  await Promise.resolve();
  add(live, '{}', undefined, [{ kind: 'text', index: 1, text: 'I ' }, { kind: 'tool_call', index: 2, id: 'c', name: 't', arguments: '{}' }]);
  add(live, '{}', undefined, [{ kind: 'refusal', index: 3, text: 'cannot' }]);
  live.end();
  expect(published.map(({ part, runId, step, epoch }) => [part.case, part.value, runId, step, epoch])).toEqual([
    ['reasoningDelta', 'hm', 'r', 2, 3n],
    ['textDelta', 'I cannot', 'r', 2, 3n],
  ]);
});
