import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatMessageSchema, PartSchema, Role } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { textOf, toolCallsIn } from './model-answer.js';
import { understandAnswer, type ToolRules } from './understand-answer.js';

const tools: ToolRules = {
  names: ['add'],
  has: (name) => name === 'add',
  objectionTo: (_name, json) => ('a' in (JSON.parse(json) as object) ? undefined : 'a: is required'),
};
const message = (...kinds: readonly MessageInitShape<typeof PartSchema>['kind'][]) =>
  create(ChatMessageSchema, { role: Role.ASSISTANT, parts: kinds.map((kind) => ({ kind })) });
const call = (id: string, name: string, args: string) => ({ case: 'toolCall' as const, value: { id, name, arguments: args } });
const understand = (given: ReturnType<typeof message>, mayCallTools = true, used: readonly string[] = []) =>
  understandAnswer(given, tools, { step: 2, mayCallTools, usedIds: new Set(used) });

describe('understandAnswer', () => {
  it('keeps an answer without calls as it is', () => {
    const said = message({ case: 'text', value: 'four' });
    expect(understand(said)).toEqual({ message: said, invalidCalls: [] });
  });

  it('answers a call that cannot be made with what is wrong, and lets the others stand', () => {
    const { message: understood, invalidCalls } = understand(message(call('1', 'add', '{"a":1}'), call('2', 'add', '{}'), call('3', 'sub', '{}'), call('4', 'add', 'no')));
    expect(toolCallsIn(understood)).toHaveLength(4);
    expect(invalidCalls.map(({ callId, isError }) => [callId, isError])).toEqual([['2', true], ['3', true], ['4', true]]);
    expect(invalidCalls.map(({ text }) => text)).toEqual([expect.stringContaining('a: is required'), expect.stringContaining('There is no tool named "sub". The tools are: add.'), expect.stringContaining('not a JSON object')]);
  });

  it('gives calls without an id, or with one that the run has used, an id of their own', () => {
    const { message: understood } = understand(message(call('', 'add', '{"a":1}'), call('x', 'add', '{"a":1}'), call('y', 'add', '{"a":1}')), true, ['x']);
    expect(toolCallsIn(understood).map(({ id }) => id)).toEqual(['call_2_0', 'call_2_1', 'y']);
    expect(toolCallsIn(understand(message(call('', 'add', '{"a":1}')), true, ['call_2_0', 'call_2_0_2']).message).map(({ id }) => id)).toEqual(['call_2_0_3']);
  });

  it('reads calls out of the text and keeps the prose', () => {
    const { message: understood, invalidCalls } = understand(message({ case: 'reasoning', value: 'hm' }, { case: 'text', value: 'I add.\n```json\n{"name":"add","arguments":{"a":2}}\n```' }));
    expect(textOf(understood)).toBe('I add.');
    expect(toolCallsIn(understood)).toMatchObject([{ id: 'call_2_0', name: 'add', arguments: '{"a":2}' }]);
    expect(understood.parts.map(({ kind }) => kind.case)).toEqual(['reasoning', 'text', 'toolCall']);
    expect(invalidCalls).toEqual([]);
  });

  it('reads no calls out of the text of a model that was offered no tools', () => {
    const said = message({ case: 'text', value: '{"name":"add","arguments":{"a":2}}' });
    expect(understand(said, false).message).toBe(said);
  });

  it('does not look into the text beside native calls', () => {
    const { message: understood } = understand(message({ case: 'text', value: '{"name":"add","arguments":{"a":2}}' }, call('1', 'add', '{"a":1}')));
    expect(toolCallsIn(understood)).toHaveLength(1);
    expect(textOf(understood)).toContain('"a":2');
  });
});
