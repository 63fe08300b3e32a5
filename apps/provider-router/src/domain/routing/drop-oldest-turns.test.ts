import { create } from '@bufbuild/protobuf';
import { ConversationSchema, InferenceRequestSchema, Role, Wire } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall, type AskedCall } from '../asked-call.js';
import { dropOldestTurns } from './drop-oldest-turns.js';

const asked = (body: object, wire = Wire.OPENAI_CHAT): AskedCall => readAskedCall(create(InferenceRequestSchema, { wire, input: { case: 'body', value: Buffer.from(JSON.stringify(body)) } }));
const bodyOf = (call: AskedCall | undefined) => call?.client?.body;
const long = 'x'.repeat(500);
const system = { role: 'system', content: 'be kind' };
const turn = (n: number) => [{ role: 'user', content: `${n} ${long}` }, { role: 'assistant', content: `answer ${n}` }];
const last = { role: 'user', content: 'and now?' };

describe('dropOldestTurns', () => {
  it.each([[1, 1], [500, 1], [700, 2], [1_000, 2], [1_100, 2]])('to save %i bytes leaves out %i turns, and keeps instructions and the last one', (bytes, turns) => {
    const shortened = dropOldestTurns(asked({ model: 'm', messages: [system, ...turn(1), ...turn(2), last] }), bytes);
    expect(shortened?.droppedTurns).toBe(turns);
    expect(bodyOf(shortened?.asked)?.['messages']).toEqual([system, ...(turns === 1 ? turn(2) : []), last]);
    expect(JSON.parse(shortened?.asked.client?.bytes.toString() ?? '')).toEqual(bodyOf(shortened?.asked));
  });

  it('gives up when what is left is still too much', () => {
    expect(dropOldestTurns(asked({ messages: [...turn(1), last] }), 5_000)).toBeUndefined();
    expect(dropOldestTurns(asked({ messages: [last] }), 1)).toBeUndefined();
    expect(dropOldestTurns(asked({ input: 'all in one' }, Wire.OPENAI_RESPONSES), 1)).toBeUndefined();
  });

  it('never parts a tool\'s call from its result', () => {
    const call = { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] };
    const shortened = dropOldestTurns(asked({ messages: [{ role: 'user', content: long }, call, { role: 'tool', tool_call_id: 'c', content: 'r' }, last] }), 100);
    expect(bodyOf(shortened?.asked)?.['messages']).toEqual([last]);
    const anthropic = [{ role: 'user', content: long }, { role: 'assistant', content: [{ type: 'tool_use', id: 'c' }] }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c' }] }, last];
    expect(bodyOf(dropOldestTurns(asked({ messages: anthropic }, Wire.ANTHROPIC_MESSAGES), 100)?.asked)?.['messages']).toEqual([last]);
    const responses = [{ role: 'user', content: long }, { type: 'function_call', call_id: 'c' }, { type: 'function_call_output', call_id: 'c' }, last];
    expect(bodyOf(dropOldestTurns(asked({ input: responses }, Wire.OPENAI_RESPONSES), 100)?.asked)?.['input']).toEqual([last]);
  });

  it('shortens a run\'s conversation', () => {
    const said = (role: Role, text: string) => ({ role, parts: [{ kind: { case: 'text' as const, value: text } }] });
    const conversation = create(ConversationSchema, { messages: [said(Role.SYSTEM, 'be kind'), said(Role.USER, long), said(Role.ASSISTANT, 'a'), said(Role.USER, 'now')], tools: [{ name: 't' }] });
    const shortened = dropOldestTurns(readAskedCall(create(InferenceRequestSchema, { input: { case: 'conversation', value: conversation } })), 100);
    expect(shortened?.asked.conversation?.messages.map(({ role }) => role)).toEqual([Role.SYSTEM, Role.USER]);
    expect(shortened?.asked.conversation?.tools).toHaveLength(1);
  });
});
