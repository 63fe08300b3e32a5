import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import type { AnswerEvent } from '../hub/answer-event.js';
import type { ModelRequest } from '../hub/model-request.js';
import { ChatAnswerWriter } from './answer-writer.js';

const request: ModelRequest = { model: 'asked', isStream: true, messages: [], tools: [], stop: [] };
const lines = (text: string): unknown[] => text.split('\n\n').filter((line) => line !== '').map((line) => (line === 'data: [DONE]' ? 'done' : JSON.parse(line.slice(6))));
const choices = (events: readonly AnswerEvent[], asked = request): unknown[] => {
  const writer = new ChatAnswerWriter({ id: 'chatcmpl-1', model: 'asked', createdAt: 7, request: asked });
  return lines(events.map((event) => writer.write(event)).join('') + writer.end()).map((chunk) => (chunk as { choices?: unknown[] }).choices?.[0] ?? chunk);
};
const delta = (value: object, finish: string | null = null): object => ({ index: 0, delta: value, logprobs: null, finish_reason: finish });
const role = delta({ role: 'assistant', content: '', refusal: null });
const usage = { kind: 'usage', usage: { input: 3, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: undefined } } as const;

it('begins with the role, and ends with the reason and [DONE]', () => {
  expect(choices([{ kind: 'start', id: 'x', model: 'y' }, { kind: 'text', index: 0, text: 'Hi' }, { kind: 'text', index: 0, text: '' }, { kind: 'finish', reason: 'stop' }, usage])).toEqual([role, delta({ content: 'Hi' }), delta({}, 'stop'), 'done']);
});

it('says thoughts in reasoning_content, and what was refused', () => {
  expect(choices([{ kind: 'reasoning', index: 0, text: 'hm', signature: 's' }, { kind: 'refusal', index: 1, text: 'No.' }, { kind: 'finish', reason: 'content_filter' }])).toEqual([
    role,
    delta({ reasoning_content: 'hm' }),
    delta({ refusal: 'No.' }),
    delta({}, 'content_filter'),
    'done',
  ]);
});

it('counts calls from 0, whichever parts they are, and gives one without arguments an empty object', () => {
  const call = (index: number, id: string, text: string): AnswerEvent => ({ kind: 'tool_call', index, id, name: id === '' ? '' : 'f', arguments: text });
  expect(choices([{ kind: 'text', index: 0, text: 'Hi' }, call(1, 'a', ''), call(2, 'b', ''), call(1, '', '{"x":1}'), { kind: 'finish', reason: 'tool_calls' }])).toEqual([
    role,
    delta({ content: 'Hi' }),
    delta({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
    delta({ tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'f', arguments: '' } }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] }),
    delta({ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
    delta({}, 'tool_calls'),
    'done',
  ]);
});

it('tells the usage to who asked for it, in a chunk of its own', () => {
  const chunks = choices([usage, { kind: 'text', index: 0, text: 'Hi' }, { kind: 'finish', reason: 'length' }], { ...request, wantsUsage: true });
  expect(chunks.slice(2)).toEqual([delta({}, 'length'), expect.objectContaining({ id: 'chatcmpl-1', created: 7, model: 'asked', choices: [], usage: expect.objectContaining({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }) as object }), 'done']);
});

it('does not end well what did not end', () => {
  expect(choices([{ kind: 'text', index: 0, text: 'Hi' }, usage])).toEqual([role, delta({ content: 'Hi' })]);
});

it('ends with the error, and nothing behind it', () => {
  const writer = new ChatAnswerWriter({ id: 'chatcmpl-1', model: 'asked', createdAt: 7, request });
  writer.write({ kind: 'text', index: 0, text: 'Hi' });
  expect(lines(writer.fail(new AppError('provider_error', 'It broke.', { status: 502 })))).toEqual([{ error: { message: 'It broke.', type: 'server_error', param: null, code: 'provider_error' } }]);
});
