import { expect, it } from 'vitest';
import type { ModelMessage } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { writeRequest } from './write-request.js';

const request = (rest: Partial<ModelRequest>): ModelRequest => ({ model: 'm', isStream: false, messages: [], tools: [], stop: [], ...rest });
const messages = (...list: ModelMessage[]): unknown => writeRequest(request({ messages: list })).messages;
const picture = { kind: 'image', source: { base64: 'AAAA', mediaType: 'image/png' } } as const;

it('says nothing that was not said', () => {
  expect(writeRequest(request({}))).toEqual({ model: 'm', messages: [] });
  expect(writeRequest(request({ toolChoice: { kind: 'none' }, isParallelToolUse: false, topK: 3, wantsUsage: true }))).toEqual({ model: 'm', messages: [] });
});

it('asks for the usage of a stream when it is wanted', () => {
  expect(writeRequest(request({ isStream: true, wantsUsage: true }))).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  expect(writeRequest(request({ isStream: true }))).toEqual({ model: 'm', messages: [], stream: true });
});

it.each([
  [{ effort: 'xhigh' }, 'xhigh'],
  [{ budgetTokens: 0 }, 'none'],
  [{ budgetTokens: 1_024 }, 'low'],
  [{ budgetTokens: 10_000 }, 'medium'],
  [{ budgetTokens: 32_000 }, 'high'],
  [{ effort: 'low', budgetTokens: 32_000 }, 'low'],
  [{ isShown: true }, undefined],
] as const)('wishes for thought by %j as %s', (reasoning, effort) => {
  expect(writeRequest(request({ reasoning })).reasoning_effort).toBe(effort);
});

it('shows the pictures of results behind all the results of the turn', () => {
  const results: ModelMessage = {
    role: 'tool',
    parts: [
      { kind: 'tool_result', callId: 'a', parts: [{ kind: 'text', text: 'Look:' }, picture], isError: false },
      { kind: 'tool_result', callId: 'b', parts: [{ kind: 'text', text: '2' }], isError: false },
    ],
  };
  expect(messages(results)).toEqual([
    { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'Look:' }, { type: 'text', text: 'Pictures and files of this result follow in the next message.' }] },
    { role: 'tool', tool_call_id: 'b', content: '2' },
    { role: 'user', content: [{ type: 'text', text: 'What the tool call a gave:' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
  ]);
});

it('leaves out thoughts, and gives a call without arguments an empty object', () => {
  expect(messages({ role: 'assistant', parts: [{ kind: 'reasoning', text: 'hm', signature: 's' }, { kind: 'tool_call', id: 'a', name: 'f', arguments: '', signature: 'gemini:s' }] })).toEqual([
    { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
  ]);
  expect(messages({ role: 'assistant', parts: [{ kind: 'reasoning', text: 'hm' }] })).toEqual([{ role: 'assistant', content: '' }]);
});

it('refuses a file that stands at a URL', () => {
  expect(() => messages({ role: 'user', parts: [{ kind: 'file', source: { url: 'https://example.com/a.pdf' } }] })).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400 }) as Error);
});
