import { expect, it } from 'vitest';
import { answerAsEvents } from './answer-as-events.js';
import type { AnswerEvent } from './answer-event.js';
import { AnswerGrower } from './answer-grower.js';
import type { ModelAnswer } from './model-answer.js';

const answer: ModelAnswer = {
  id: 'msg_1',
  model: 'm-2026',
  parts: [
    { kind: 'reasoning', text: 'hm, 👋', signature: 'sig' },
    { kind: 'reasoning', text: '', signature: 'opaque', isRedacted: true },
    { kind: 'text', text: 'Let me look.', signature: 'thought' },
    { kind: 'tool_call', id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}', signature: 's2' },
    { kind: 'tool_call', id: 'call_2', name: 'now', arguments: '' },
    { kind: 'refusal', text: 'I will not.' },
    { kind: 'text', text: '' },
  ],
  finishReason: 'tool_calls',
  stopSequence: 'END',
  usage: { input: 10, output: 5, cacheRead: 2, cacheWrite: 0, reasoning: 3 },
};

const grown = (events: readonly AnswerEvent[]): ModelAnswer => {
  const grower = new AnswerGrower();
  for (const event of events) grower.add(event);
  return grower.answer();
};

/** Each event with text as one event a character; only the first has the id and the name, only the last the signature. */
const cut = (event: AnswerEvent): AnswerEvent[] => {
  if (event.kind === 'tool_call') {
    const { signature, ...rest } = event;
    return [
      { ...rest, arguments: '' },
      ...[...event.arguments].map((piece) => ({ ...rest, id: '', name: '', arguments: piece })),
      { ...event, id: '', name: '', arguments: '', ...(signature !== undefined && { signature }) },
    ];
  }
  if (event.kind !== 'text' && event.kind !== 'reasoning') return [event];
  const { signature, ...rest } = event;
  return [...[...event.text].map((text) => ({ ...rest, text })), { ...rest, text: '', ...(signature !== undefined && { signature }) }];
};

it('grows the answer that was taken apart', () => {
  expect(grown(answerAsEvents(answer))).toStrictEqual(answer);
});

it('grows the same answer from pieces of one character', () => {
  expect(grown(answerAsEvents(answer).flatMap(cut))).toStrictEqual(answer);
});

it('keeps tool calls apart that grow side by side', () => {
  const call = (index: number, id: string, text: string): AnswerEvent => ({ kind: 'tool_call', index, id, name: id === '' ? '' : 'f', arguments: text });
  const { parts } = grown([call(0, 'a', ''), call(1, 'b', '{'), call(0, '', '{"x"'), call(1, '', '}'), call(0, '', ':1}')]);
  expect(parts).toEqual([
    { kind: 'tool_call', id: 'a', name: 'f', arguments: '{"x":1}' },
    { kind: 'tool_call', id: 'b', name: 'f', arguments: '{}' },
  ]);
});

it('takes the last usage, also after the end, and the first id', () => {
  const usage = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
  const { id, usage: told } = grown([
    { kind: 'start', id: 'x', model: undefined },
    { kind: 'usage', usage },
    { kind: 'finish', reason: 'stop' },
    { kind: 'start', id: 'y', model: 'm' },
    { kind: 'usage', usage: { ...usage, output: 7 } },
  ]);
  expect([id, told?.output]).toEqual(['x', 7]);
});

it('says that it is not finished, what came and what the provider said of its failure', () => {
  const grower = new AnswerGrower();
  grower.add({ kind: 'text', index: 0, text: 'Hel' });
  grower.add({ kind: 'error', body: { error: { message: 'overloaded' } } });
  expect(grower.isFinished).toBe(false);
  expect(grower.pieces).toBe(1);
  expect(grower.error).toEqual({ body: { error: { message: 'overloaded' } } });
  expect(grower.answer()).toMatchObject({ finishReason: 'other', parts: [{ kind: 'text', text: 'Hel' }], usage: undefined });
});

it('passes over what no answer has', () => {
  const events = answerAsEvents({ ...answer, parts: [{ kind: 'audio', base64: 'AA==', format: 'wav' }, { kind: 'text', text: 'x' }] });
  expect(events.filter((event) => 'index' in event)).toEqual([{ kind: 'text', index: 0, text: 'x' }]);
});
