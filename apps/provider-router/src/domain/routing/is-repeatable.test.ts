import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema, Wire } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { readAskedCall } from '../asked-call.js';
import { comparableQuestion } from './comparable-question.js';
import { isRepeatable } from './is-repeatable.js';
import { traitsOf } from './request-traits.js';

const asked = (more: object, wire = Wire.OPENAI_CHAT) => {
  const call = readAskedCall(create(InferenceRequestSchema, { wire, model: 'm', input: { case: 'body', value: Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more })) } }));
  if (!call.client) throw new Error('no client');
  return call;
};

it.each([
  ['a plain question', {}, true],
  ['one choice', { n: 1 }, true],
  ['tools of the client', { tools: [{ type: 'function', function: { name: 'f' } }] }, true],
  ['two choices', { n: 2 }, false],
  ['log probabilities', { logprobs: true }, false],
  ['something spoken', { modalities: ['text', 'audio'], audio: { voice: 'x', format: 'mp3' } }, false],
  ['a search', { web_search_options: {} }, false],
  ['a search by a tool', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, false],
  ['an answer that is stored', { store: true }, false],
])('the answer to %s may be given again: %#', (_what, more, is) => {
  expect(isRepeatable(asked(more))).toBe(is);
});

it('the answer to a response only where none is taken up and none is stored', () => {
  const of = (more: object): boolean => isRepeatable(asked({ input: 'hi', ...more }, Wire.OPENAI_RESPONSES));
  expect(of({ store: false })).toBe(true);
  for (const more of [{}, { store: false, previous_response_id: 'resp_1' }, { store: false, conversation: 'conv_1' }, { store: false, input: [{ type: 'item_reference', id: 'msg_1' }] }]) expect(of(more)).toBe(false);
});

it('what is not repeatable is not compared with other questions either', () => {
  const question = (more: object) => comparableQuestion(asked(more), traitsOf(asked(more)));
  expect(question({})).toBeDefined();
  expect(question({ n: 2 })).toBeUndefined();
  expect(question({ modalities: ['audio'] })).toBeUndefined();
});
