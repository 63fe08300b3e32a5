import { expect, it } from 'vitest';
import { readAnswer } from './read-answer.js';

const completion = (message: Record<string, unknown>, finish = 'stop'): Record<string, unknown> => ({ id: 'c1', model: 'm', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }] });
const parts = (message: Record<string, unknown>): unknown => {
  const read = readAnswer(completion(message));
  return read.kind === 'answer' ? read.answer.parts : read.kind;
};

it.each([
  ['a text', { content: 'Hi' }, [{ kind: 'text', text: 'Hi' }]],
  ['thoughts by DeepSeek\'s name', { reasoning_content: 'hm', content: 'Hi' }, [{ kind: 'reasoning', text: 'hm' }, { kind: 'text', text: 'Hi' }]],
  ['thoughts by OpenRouter\'s name', { reasoning: 'hm', content: 'Hi' }, [{ kind: 'reasoning', text: 'hm' }, { kind: 'text', text: 'Hi' }]],
  ['Mistral\'s parts', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'h' }, { type: 'text', text: 'm' }] }, { type: 'text', text: 'H' }, { type: 'text', text: 'i' }] }, [{ kind: 'reasoning', text: 'hm' }, { kind: 'text', text: 'Hi' }]],
  ['a refusal', { content: null, refusal: 'No.' }, [{ kind: 'refusal', text: 'No.' }]],
  ['a call without id or arguments', { content: null, tool_calls: [{ function: { name: 'f' } }] }, [{ kind: 'tool_call', id: 'call_c1_0', name: 'f', arguments: '' }]],
  ['nothing', { content: '' }, []],
])('reads %s', (_, message, expected) => {
  expect(parts(message)).toEqual(expected);
});

it('gives a call without an id one that OpenAI takes back', () => {
  const read = readAnswer({ ...completion({ tool_calls: [{ function: { name: 'f' } }] }), id: `chatcmpl-${'0123-abcd'.repeat(9)}` });
  expect(read).toMatchObject({ answer: { parts: [{ id: expect.stringMatching(/^call_[a-z0-9]{24}_0$/) as string }] } });
});

it.each([
  [{ error: { message: 'no' } }, 'error'],
  [[{ error: { code: 400, message: 'no', status: 'INVALID_ARGUMENT' } }], 'error'],
  [{ ...completion({ content: 'x' }), error: null }, 'answer'],
  [{}, 'garbage'],
  [{ choices: [] }, 'garbage'],
  [{ choices: [{ text: 'old completions' }] }, 'garbage'],
  ['<html>', 'garbage'],
  [null, 'garbage'],
])('takes %j for %s', (json, kind) => {
  expect(readAnswer(json).kind).toBe(kind);
});

it.each([
  ['stop', 'stop'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['content_filter', 'content_filter'],
  ['error', 'error'],
  ['whatever', 'other'],
])('knows the finish reason %s', (word, reason) => {
  expect(readAnswer(completion({ content: 'x' }, word))).toMatchObject({ answer: { finishReason: reason } });
});
