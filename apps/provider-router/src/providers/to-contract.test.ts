import { expect, it } from 'vitest';
import { toChatMessage, toWirePrice, toWireUsage } from './to-contract.js';

it('keeps the parts of an answer in their order, with what their provider wants back with them', () => {
  const { parts } = toChatMessage({
    parts: [
      { kind: 'reasoning', text: 'hm', signature: 'anthropic:c2ln' },
      { kind: 'reasoning', text: '', signature: 'anthropic:cmVk', isRedacted: true },
      { kind: 'text', text: 'see' },
      { kind: 'tool_call', id: 'c', name: 't', arguments: '{"a":1}', signature: 'gemini:x' },
      { kind: 'refusal', text: 'no' },
      { kind: 'text', text: '' },
    ],
  });
  expect(parts.map(({ kind, signature }) => [kind.case, signature])).toEqual([
    ['reasoning', 'anthropic:c2ln'], ['reasoning', 'anthropic:cmVk'], ['text', ''], ['toolCall', 'gemini:x'], ['refusal', ''],
  ]);
  expect(parts[3]?.kind.value).toMatchObject({ id: 'c', name: 't', arguments: '{"a":1}' });
});

it('tells every bucket of usage', () => {
  const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5, reasoning: 1, audioInput: 6, audioOutput: 7, images: 8, requests: 9, estimated: false };
  expect(toWireUsage(usage)).toMatchObject({ input: 1n, output: 2n, cacheRead: 3n, cacheWrite: 4n, cacheWrite1h: 5n, reasoning: 1n, audioInput: 6n, audioOutput: 7n, images: 8n, requests: 9n });
});

it('tells every price, those that are left out as what they stand for', () => {
  expect(toWirePrice({ input: 1, output: 2, cacheRead: 3, cacheWrite: 4 })).toMatchObject({ cacheWrite1h: 4n, audioInput: 1n, audioOutput: 2n, image: 0n, request: 0n, version: '' });
  expect(toWirePrice({ input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }).reasoning).toBeUndefined();
  expect(toWirePrice({ input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5, reasoning: 6, request: 7, version: '2026-07-24' })).toMatchObject({ cacheWrite1h: 5n, reasoning: 6n, request: 7n, version: '2026-07-24' });
});
