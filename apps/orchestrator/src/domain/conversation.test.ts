import { create } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, IncomingRequestSchema, Role, type ChatMessage } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { conversation, newest, runMessages, turnOf } from './conversation.js';
import { textOf } from './model-answer.js';
import { storedEvent } from './stored-event.js';

const agent = create(AgentSnapshotSchema, { instructions: 'Be brief.', maxHistoryMessages: 5 });
const request = create(IncomingRequestSchema, { text: 'sum and time?' });
const said = (text: string, calls: readonly string[] = [], invalid: readonly string[] = []) =>
  storedEvent('modelAnswered', {
    message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: text } }, ...calls.map((id) => ({ kind: { case: 'toolCall' as const, value: { id, name: 't', arguments: '{}' } } }))] },
    invalidCalls: invalid.map((callId) => ({ callId, text: `no ${callId}`, isError: true })),
  });
const result = (callId: string) => storedEvent('toolFinished', { executed: { result: { callId, text: `yes ${callId}` } } });
const show = (messages: readonly ChatMessage[]) =>
  messages.map((one) => `${Role[one.role]}: ${one.parts.map(({ kind }) => (kind.case === 'toolResult' ? kind.value.text : kind.case === 'toolCall' ? `<${kind.value.id}>` : kind.case === 'text' ? kind.value : '')).join('')}`);

describe('runMessages', () => {
  it('puts the results after their calls, in the order of the calls, whichever came first', () => {
    const events = [said('hm', ['a', 'b', 'c'], ['b']), result('c'), result('a'), said('done')];
    expect(show(runMessages(request, events))).toEqual(['USER: sum and time?', 'ASSISTANT: hm<a><b><c>', 'TOOL: yes a', 'TOOL: no b', 'TOOL: yes c', 'ASSISTANT: done']);
  });

  it('ignores failed tries', () => {
    expect(runMessages(request, [storedEvent('modelFailed', { step: 1 }), said('done')])).toHaveLength(2);
  });
});

describe('conversation', () => {
  const earlier = [turnOf({ threadSeq: 1, bytes: 0 }, create(IncomingRequestSchema, { text: 'hi' }), [said('hello')], true)];

  it('is instructions, earlier turns and the run itself', () => {
    expect(show(conversation(agent, earlier, request, []))).toEqual(['SYSTEM: Be brief.', 'USER: hi', 'ASSISTANT: hello', 'USER: sum and time?']);
  });

  it('tells the model the person\'s time zone when it is known', () => {
    expect(textOf(conversation(agent, [], create(IncomingRequestSchema, { text: 'x', timezone: 'Asia/Tokyo' }), [])[0])).toContain('Asia/Tokyo');
  });

  it('shows the model the pictures that it can get, and names what else is attached', () => {
    const attachments = [{ uri: 'https://x/y.png', mediaType: 'image/png' }, { uri: 'telegram:7', mediaType: 'image/png', name: 'me.png' }, { uri: 'https://x/y.pdf', mediaType: 'application/pdf' }];
    const [asked] = conversation(agent, [], create(IncomingRequestSchema, { text: 'see', attachments }), []).slice(-1);
    expect(asked?.parts.map(({ kind }) => (kind.case === 'image' ? kind.value.url : kind.value))).toEqual([
      'see', 'https://x/y.png', '[attached, cannot be read yet: me.png (image/png)]', '[attached, cannot be read yet: https://x/y.pdf (application/pdf)]',
    ]);
  });

  it('says nothing in place of a picture that came without a word', () => {
    const [asked] = conversation(agent, [], create(IncomingRequestSchema, { attachments: [{ uri: 'https://x/y.png', mediaType: 'image/png' }] }), []).slice(-1);
    expect(asked?.parts.map(({ kind }) => kind.case)).toEqual(['image']);
  });

  it('uses the conversation that the client holds instead of the thread', () => {
    const held = create(IncomingRequestSchema, { history: [{ role: Role.USER, parts: [{ kind: { case: 'text', value: 'mine' } }] }] });
    expect(show(conversation(agent, earlier, held, []))).toEqual(['SYSTEM: Be brief.', 'USER: mine']);
  });
});

describe('turnOf', () => {
  it('leaves of a run that was not answered only the question', () => {
    expect(show(turnOf({ threadSeq: 1, bytes: 0 }, request, [said('hm', ['a'])], false).messages)).toEqual(['USER: sum and time?']);
  });

  it('forgets what the model thought', () => {
    const thought = storedEvent('modelAnswered', { message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'reasoning', value: 'long' } }, { kind: { case: 'text', value: 'short' } }] } });
    expect(turnOf({ threadSeq: 1, bytes: 0 }, request, [thought], true).messages[1]?.parts).toHaveLength(1);
  });
});

describe('newest', () => {
  it('keeps whole turns', () => {
    const turn = (threadSeq: number, count: number) => turnOf({ threadSeq, bytes: 0 }, request, Array.from({ length: count - 1 }, () => said(`${threadSeq}`)), true);
    expect(newest([turn(1, 2), turn(2, 3), turn(3, 2)], 5)).toHaveLength(5);
    expect(newest([turn(1, 2), turn(2, 3), turn(3, 2)], 4)).toHaveLength(2);
    expect(newest([turn(1, 6)], 5)).toHaveLength(0);
  });

  it('keeps of a conversation that is too long its newest questions with all that belongs to them', () => {
    const words = ['U', 'A', 'U', 'A', 'T', 'A', 'U', 'A'].map((letter) => ({ role: { U: Role.USER, A: Role.ASSISTANT, T: Role.TOOL }[letter] ?? 0, parts: [{ kind: { case: 'text' as const, value: letter } }] }));
    const held = turnOf({ threadSeq: 1, bytes: 0 }, create(IncomingRequestSchema, { history: words }), [], false);
    expect(show(newest([held], 5))).toEqual(['USER: U', 'ASSISTANT: A']);
    expect(newest([held], 7)).toHaveLength(6);
    expect(newest([held, turnOf({ threadSeq: 2, bytes: 0 }, request, [said('x')], true)], 4)).toHaveLength(4);
    expect(newest([held], 1)).toEqual([]);
  });
});
