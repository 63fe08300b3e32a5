import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../hub/answer-event.js';
import { AnswerGrower } from '../hub/answer-grower.js';
import type { ModelAnswer } from '../hub/model-answer.js';
import { GeminiAnswerReader } from './answer-reader.js';
import { finishReasonOf } from './finish-reason.js';
import { readAnswer } from './read-answer.js';

const chunk = (parts: unknown[] | undefined, finishReason?: string): Record<string, unknown> => ({ responseId: 'r1', modelVersion: 'gemini-3', candidates: [{ ...(parts && { content: { role: 'model', parts } }), finishReason }] });

function read(...chunks: Record<string, unknown>[]): { events: AnswerEvent[]; answer: ModelAnswer; isDone: boolean } {
  const reader = new GeminiAnswerReader();
  const grower = new AnswerGrower();
  const events = chunks.flatMap((json) => reader.read({ event: undefined, json }));
  for (const event of events) grower.add(event);
  return { events, answer: grower.answer(), isDone: reader.isDone };
}

describe('a stream of Gemini', () => {
  it('is text that grows, with the signature that comes at its end', () => {
    const { answer, events, isDone } = read(chunk([{ text: 'Hel' }]), chunk([{ text: 'lo' }]), chunk([{ text: '', thoughtSignature: 'sig' }], 'STOP'));
    expect(answer).toEqual({ id: 'r1', model: 'gemini-3', parts: [{ kind: 'text', text: 'Hello', signature: 'gemini:sig' }], finishReason: 'stop', usage: undefined });
    expect(events.filter((event) => event.kind === 'start')).toHaveLength(1);
    expect(isDone).toBe(true);
  });

  it('keeps thoughts, text and calls apart, and names calls by the answer', () => {
    const { answer } = read(
      chunk([{ text: 'hm', thought: true }]),
      chunk([{ text: 'm', thought: true }, { text: 'Let me see.' }]),
      chunk([{ functionCall: { name: 'a', args: { x: 1 } }, thoughtSignature: 's' }, { functionCall: { name: 'a', args: {} } }]),
      chunk([{ functionCall: { id: 'own', name: 'b' } }, { text: '' }], 'STOP'),
    );
    expect(answer.parts).toEqual([
      { kind: 'reasoning', text: 'hmm' },
      { kind: 'text', text: 'Let me see.' },
      { kind: 'tool_call', id: 'call_r1_0', name: 'a', arguments: '{"x":1}', signature: 'gemini:s' },
      { kind: 'tool_call', id: 'call_r1_1', name: 'a', arguments: '{}' },
      { kind: 'tool_call', id: 'own', name: 'b', arguments: '' },
    ]);
    expect(answer.finishReason).toBe('tool_calls');
  });

  it('begins a new part behind a signature', () => {
    expect(read(chunk([{ text: 'a', thoughtSignature: '1' }, { text: 'b' }])).answer.parts).toEqual([
      { kind: 'text', text: 'a', signature: 'gemini:1' },
      { kind: 'text', text: 'b' },
    ]);
  });

  it('is not done before a reason was told, and not finished by what says nothing', () => {
    const { events, isDone } = read(chunk([{ text: 'a' }]), { usageMetadata: { promptTokenCount: 3 } }, chunk([null, { executableCode: {} }, { text: 'b' }]));
    expect(isDone).toBe(false);
    expect(events.map((event) => event.kind)).toEqual(['start', 'text', 'usage', 'text']);
  });

  it('numbers calls of an answer without an id', () => {
    const { answer } = read({ candidates: [{ content: { parts: [{ functionCall: { name: 'a', args: {} } }, { functionCall: { name: 'a', args: {} } }] }, finishReason: 'STOP' }] });
    expect(answer.parts.map((part) => part.kind === 'tool_call' && part.id)).toEqual(['call_0', 'call_1']);
  });

  it('may become an error', () => {
    const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
    expect(read(chunk([{ text: 'a' }]), error).events.at(-1)).toEqual({ kind: 'error', body: error });
  });

  it('whose question was refused is filtered', () => {
    const { answer, isDone } = read({ responseId: 'r', promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 } });
    expect(answer).toMatchObject({ parts: [], finishReason: 'content_filter', usage: { input: 9, output: 0 } });
    expect(isDone).toBe(true);
  });
});

describe('a whole answer of Gemini', () => {
  it('may have no content: all went into thoughts', () => {
    expect(readAnswer(chunk(undefined, 'MAX_TOKENS'))).toMatchObject({ kind: 'answer', answer: { parts: [], finishReason: 'length' } });
  });

  it('may be an error in disguise, also in an array', () => {
    const error = { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } };
    expect(readAnswer(error)).toEqual({ kind: 'error', body: error });
    expect(readAnswer([error])).toEqual({ kind: 'error', body: error });
  });

  it.each([undefined, null, 'text', 5, [], {}, { candidates: [] }, { candidates: 'none' }])('is garbage: %j', (json) => {
    expect(readAnswer(json)).toEqual({ kind: 'garbage' });
  });
});

it.each([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
  ['UNEXPECTED_TOOL_CALL', 'error'],
  ['LANGUAGE', 'other'],
  ['WHATEVER_COMES_NEXT', 'other'],
])('%s means %s', (word, reason) => {
  expect(finishReasonOf(word, false)).toBe(reason);
});
