import { describe, expect, it } from 'vitest';
import type { ModelMessage } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { withoutForeignReasoning } from './without-foreign-reasoning.js';
import { writeRequest } from './write-request.js';

const request = (rest: Partial<ModelRequest>): ModelRequest => ({ model: 'm', isStream: false, messages: [], tools: [], stop: [], ...rest });
const user: ModelMessage = { role: 'user', parts: [{ kind: 'text', text: 'Hi' }] };

describe('a request of a response', () => {
  it('has the first message of the system as its instructions', () => {
    const system = (text: string): ModelMessage => ({ role: 'system', parts: [{ kind: 'text', text }] });
    expect(writeRequest(request({ messages: [system('A'), system('B'), user] }))).toEqual({
      model: 'm',
      instructions: 'A',
      input: [
        { type: 'message', role: 'system', content: 'B' },
        { type: 'message', role: 'user', content: 'Hi' },
      ],
      store: false,
    });
  });

  it('shows a model the pictures that a tool gave', () => {
    const messages: ModelMessage[] = [{ role: 'tool', parts: [{ kind: 'tool_result', callId: 'a', parts: [{ kind: 'text', text: 'See' }, { kind: 'image', source: { url: 'https://example.com/a.png' } }], isError: false }] }];
    expect(writeRequest(request({ messages })).input).toEqual([
      { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'See' }, { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' }] },
    ]);
  });

  it('says that a tool is not strict, for OpenAI would take it for strict', () => {
    expect(writeRequest(request({ tools: [{ name: 'f', description: undefined, parameters: { type: 'object' } }] })).tools).toEqual([{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }]);
  });

  it('asks for thoughts where they are wished for, and not of who is not to think', () => {
    expect(writeRequest(request({ reasoning: { budgetTokens: 10_000, isShown: true } }))).toMatchObject({ reasoning: { effort: 'medium', summary: 'auto' }, include: ['reasoning.encrypted_content'] });
    expect(writeRequest(request({ reasoning: { effort: 'none' } }))).not.toHaveProperty('include');
    expect(writeRequest(request({}))).not.toHaveProperty('include');
  });

  it.each([
    ['stop', { stop: ['END'] }],
    ['n', { choices: 2 }],
    ['messages', { messages: [{ role: 'user', parts: [{ kind: 'audio', base64: 'AA', format: 'wav' }] }] satisfies ModelMessage[] }],
  ] as const)('refuses %s, for which there are no words', (param, rest) => {
    expect(() => writeRequest(request(rest))).toThrow(expect.objectContaining({ param, code: 'unsupported_value', status: 400 }) as Error);
  });
});

describe('a body that goes through as it is', () => {
  const own = { type: 'reasoning', id: 'rs_0a1b', summary: [], encrypted_content: 'gAAA' };
  const kept = { type: 'reasoning', id: 'rs_0a1b', summary: [] };

  it('is the very same object when all thoughts are OpenAI\'s', () => {
    for (const input of ['Hi', [own, kept, { role: 'user', content: 'x' }]]) {
      const body = { model: 'm', input };
      expect(withoutForeignReasoning(body)).toBe(body);
    }
  });

  it('loses the thoughts of others, with a proof and without', () => {
    const foreign = { type: 'reasoning', id: 'rs_0a1b_0', summary: [], encrypted_content: 'anthropic:c2ln' };
    const bare = { type: 'reasoning', id: 'rs_0a1b_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: null };
    expect(withoutForeignReasoning({ model: 'm', input: [foreign, own, bare] })).toEqual({ model: 'm', input: [own] });
  });
});
