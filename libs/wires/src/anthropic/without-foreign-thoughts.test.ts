import { expect, it } from 'vitest';
import { anthropic } from './anthropic.js';
import { frameOf } from './streamed-text.fixture.js';
import { withoutForeignThoughts } from './without-foreign-thoughts.js';

const own = { type: 'thinking', thinking: 'Hm.', signature: 'Ep==' };
const call = { type: 'tool_use', id: 'a', name: 'now', input: {} };

it('gives the same body when all thoughts in it are Anthropic\'s', () => {
  const body = { messages: [{ role: 'user', content: 'Hi.' }, { role: 'assistant', content: [own, { type: 'redacted_thinking', data: 'Em==' }, call] }] };
  expect(withoutForeignThoughts(body)).toBe(body);
  expect(withoutForeignThoughts({ model: 'x' })).toEqual({ model: 'x' });
});

it('leaves out what NEXUS wrote of another provider\'s thoughts and signatures, and nothing else', () => {
  const { content } = anthropic.writeAnswer(
    {
      id: undefined,
      model: undefined,
      finishReason: 'tool_calls',
      usage: undefined,
      parts: [
        { kind: 'reasoning', text: 'Signed.', signature: 'gemini:abc' },
        { kind: 'reasoning', text: 'Unsigned.' },
        { kind: 'reasoning', text: 'Hm.', signature: 'anthropic:Ep==' },
        { kind: 'tool_call', id: 'a', name: 'now', arguments: '', signature: 'gemini:def' },
      ],
    },
    frameOf(),
  ) as { content: unknown[] };
  expect(content).toHaveLength(5);
  const body = { max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }, { role: 'assistant', content }] };
  expect(withoutForeignThoughts(body)).toEqual({ max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }, { role: 'assistant', content: [own, { ...call, caller: { type: 'direct' } }] }] });
});

it('leaves out a message that held nothing else', () => {
  expect(withoutForeignThoughts({ messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: '' }] }] })).toEqual({ messages: [] });
});
