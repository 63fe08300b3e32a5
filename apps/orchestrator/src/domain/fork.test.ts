import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, IncomingRequestSchema, Role, type ChatMessage } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { turnOf } from './conversation.js';
import { forkedRequest, type Origin } from './fork.js';
import { storedEvent } from './stored-event.js';

const answered = (step: number, text: string, calls: readonly string[] = [], invalid: readonly string[] = []) =>
  storedEvent('modelAnswered', {
    step,
    message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: text } }, ...calls.map((id) => ({ kind: { case: 'toolCall' as const, value: { id, name: `tool-${id}`, arguments: '{}' } } }))] },
    invalidCalls: invalid.map((callId) => ({ callId, text: `no ${callId}`, isError: true })),
  });
const result = (step: number, callId: string) => storedEvent('toolFinished', { step, executed: { result: { callId, text: `yes ${callId}` } } });
const show = (messages: readonly ChatMessage[]) => messages.map(({ role, parts }) => `${Role[role]?.[0]}: ${parts.map(({ kind }) => (kind.case === 'toolResult' ? kind.value.text : kind.case === 'toolCall' ? `<${kind.value.id}>` : kind.case === 'text' ? kind.value : '')).join('')}`);

const request = create(IncomingRequestSchema, { text: 'q', timezone: 'Asia/Tokyo', parameters: { temperature: 0.5, toolChoice: 'required' }, tags: { ticket: '7' } });
const origin: Origin = {
  agent: create(AgentSnapshotSchema, { instructions: 'Be brief.', maxHistoryMessages: 10 }),
  earlier: [turnOf({ threadSeq: 1, bytes: 0 }, create(IncomingRequestSchema, { text: 'hi' }), [answered(1, 'hello')], true)],
  request, hasBegun: true,
  events: [
    storedEvent('accepted', { request }), storedEvent('modelFailed', { step: 1 }), answered(1, 'look', ['a', 'b', 'c'], ['b']), result(1, 'c'), result(1, 'a'),
    answered(2, '', ['d', 'e']), result(2, 'd'), result(2, 'e'), answered(3, 'done'),
  ],
};
const fork = (step: number, more: MessageInitShape<typeof IncomingRequestSchema> = {}, from: Partial<Origin> = {}) => forkedRequest(create(IncomingRequestSchema, more), step, { ...origin, ...from });
const before = ['U: hi', 'A: hello', 'U: q'];

describe('forkedRequest', () => {
  it.each<[number, string, readonly string[]]>([
    [0, '', before],
    [0, 'more', [...before, 'U: more']],
    [1, '', [...before, 'A: look<a><b><c>', 'T: yes a', 'T: no b', 'T: yes c']],
    [2, '', [...before, 'A: look<a><b><c>', 'T: yes a', 'T: no b', 'T: yes c', 'A: <d><e>', 'T: yes d', 'T: yes e']],
    [2, 'more', [...before, 'A: look<a><b><c>', 'T: yes a', 'T: no b', 'T: yes c', 'A: <d><e>', 'T: yes d', 'T: yes e', 'U: more']],
    [3, 'more', [...before, 'A: look<a><b><c>', 'T: yes a', 'T: no b', 'T: yes c', 'A: <d><e>', 'T: yes d', 'T: yes e', 'A: done', 'U: more']],
  ])('has the conversation as it stood after step %s, then %j', (step, text, expected) => {
    const forked = fork(step, { text });
    expect(show(forked.history)).toEqual(expected);
    expect(forked.text).toBe('');
  });

  it('takes what the person is like from its origin, and a choice of tools for the first step only', () => {
    expect(fork(0)).toMatchObject({ timezone: 'Asia/Tokyo', tags: { ticket: '7' }, parameters: { temperature: 0.5, toolChoice: 'required' } });
    expect(fork(1)).toMatchObject({ parameters: { temperature: 0.5, toolChoice: '' } });
    expect(fork(1, { timezone: 'Europe/Berlin', tags: { ticket: '8' }, parameters: { toolChoice: 'none' } })).toMatchObject({ timezone: 'Europe/Berlin', tags: { ticket: '8' }, parameters: { toolChoice: 'none' } });
    expect(fork(0, {}, { request: undefined })).toMatchObject({ timezone: '', history: [{}, {}] });
  });

  it('goes on from a conversation that the client held', () => {
    const held = create(IncomingRequestSchema, { history: [{ role: Role.USER, parts: [{ kind: { case: 'text', value: 'mine' } }] }] });
    expect(show(fork(2, {}, { request: held }).history.slice(0, 2))).toEqual(['U: mine', 'A: look<a><b><c>']);
  });

  it.each<[string, () => unknown, object]>([
    ['from a step that there is not', () => fork(4), { code: 'invalid_request', param: 'step', message: expect.stringContaining('1, 2, 3') }],
    ['from the answer, without saying anything', () => fork(3), { code: 'invalid_request', param: 'text' }],
    ['from a step whose tools are under way', () => fork(2, {}, { events: origin.events.slice(0, 7) }), { code: 'step_not_finished', status: 409, message: expect.stringContaining('tool-e') }],
    ['from a step whose calls were never made', () => fork(1, {}, { events: [answered(1, '', ['a', 'b'], ['b'])] }), { code: 'step_not_finished' }],
    ['from a step that says nothing', () => fork(1, { text: 'more' }, { events: [answered(1, ' ')] }), { code: 'invalid_request', param: 'step' }],
    ['from a run that waits for its thread', () => fork(0, {}, { hasBegun: false }), { code: 'step_not_finished' }],
  ])('refuses to go on %s', (_what, go, error) => {
    expect(go).toThrow(expect.objectContaining(error));
  });
});
