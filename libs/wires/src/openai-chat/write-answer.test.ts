import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import type { ModelAnswer } from '../hub/model-answer.js';
import type { AnswerFrame } from '../hub/wire.js';
import { writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';

const frame: AnswerFrame = { id: 'chatcmpl-1', model: 'asked', createdAt: 7, request: { model: 'asked', isStream: false, messages: [], tools: [], stop: [] } };
const written = (answer: Partial<ModelAnswer>): unknown => writeAnswer({ id: 'x', model: 'y', parts: [], finishReason: 'stop', usage: undefined, ...answer }, frame);

it('has the id and the model that its client knows', () => {
  expect(written({ parts: [{ kind: 'text', text: 'Hi' }] })).toEqual({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 7,
    model: 'asked',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
  });
});

it('has no content beside calls and refusals, and the calls of the answer', () => {
  expect(written({ parts: [{ kind: 'reasoning', text: 'hm' }, { kind: 'tool_call', id: 'a', name: 'f', arguments: '', signature: 'gemini:c2ln' }], finishReason: 'tool_calls' })).toMatchObject({
    choices: [
      {
        message: { content: null, reasoning_content: 'hm', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: { thought_signature: 'c2ln' } } }] },
        finish_reason: 'tool_calls',
      },
    ],
  });
  expect(written({ parts: [{ kind: 'refusal', text: 'No.' }] })).toMatchObject({ choices: [{ message: { content: null, refusal: 'No.' } }] });
  expect(written({})).toMatchObject({ choices: [{ message: { content: '' } }] });
});

it.each([
  [400, 'invalid_value', 'invalid_request_error'],
  [401, 'invalid_api_key', 'invalid_request_error'],
  [402, 'payment', 'insufficient_quota'],
  [403, 'forbidden', 'permission_error'],
  [429, 'budget_exceeded', 'insufficient_quota'],
  [429, 'rate_limited', 'rate_limit_error'],
  [503, 'overloaded', 'server_error'],
])('names an error of status %s and code %s by its type %s', (status, code, type) => {
  expect(writeError(new AppError(code, 'No.', { status, param: 'model' }))).toEqual({ error: { message: 'No.', type, param: 'model', code } });
});
