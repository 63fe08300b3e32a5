import type { ModelRequest } from '@nexus/wires';
import { expect, it } from 'vitest';
import { countTokens } from './count-tokens.js';

const request = (more: Partial<ModelRequest>): ModelRequest => ({ model: 'm', isStream: false, messages: [], tools: [], stop: [], ...more });

it('counts a token for every four bytes of what is said, offered and asked for', () => {
  const text = 'x'.repeat(400);
  expect(countTokens(request({}))).toBe(0);
  expect(countTokens(request({ messages: [{ role: 'user', parts: [{ kind: 'text', text }] }] }))).toBe(104);
  expect(countTokens(request({ messages: [{ role: 'user', parts: [{ kind: 'text', text: '日'.repeat(100) }] }] }))).toBe(79);
  expect(countTokens(request({ tools: [{ name: 'f', description: text, parameters: {} }] }))).toBe(101);
  expect(countTokens(request({ responseFormat: { kind: 'schema', name: 'n', schema: { const: text }, isStrict: true } }))).toBeGreaterThan(100);
});

it('counts calls, their results and the pictures in them', () => {
  const parts = [{ kind: 'text' as const, text: 'rain' }, { kind: 'image' as const, source: { url: 'https://example.com/x.png' } }];
  const messages: ModelRequest['messages'] = [
    { role: 'assistant', parts: [{ kind: 'tool_call', id: 'c', name: 'f', arguments: '{"x":1}' }] },
    { role: 'tool', parts: [{ kind: 'tool_result', callId: 'c', parts, isError: false }] },
  ];
  expect(countTokens(request({ messages }))).toBe(4 + 2 + 4 + 1 + 1_000);
});
