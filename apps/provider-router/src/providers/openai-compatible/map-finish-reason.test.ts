import { expect, it } from 'vitest';
import { mapFinishReason } from './map-finish-reason.js';

it.each([
  ['stop', false, 'stop'],
  ['stop', true, 'tool_calls'],
  ['end_turn', false, 'stop'],
  ['tool_calls', true, 'tool_calls'],
  ['function_call', false, 'tool_calls'],
  ['length', true, 'length'],
  ['model_length', false, 'length'],
  ['content_filter', false, 'content_filter'],
  ['insufficient_system_resource', false, 'error'],
  ['a_new_word', false, 'other'],
  [undefined, false, 'other'],
] as const)('%s, tool calls: %s, is %s', (word, hasToolCalls, reason) => {
  expect(mapFinishReason(word, hasToolCalls)).toBe(reason);
});
