import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, Role, type ChatMessage } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { chatHistoryOf } from './chat-history.js';

type Kind = NonNullable<NonNullable<Parameters<typeof create<typeof ChatMessageSchema>>[1]>['parts']>[number]['kind'];

const message = (role: Role, ...kinds: Kind[]): ChatMessage => create(ChatMessageSchema, { role, parts: kinds.map((kind) => ({ kind: kind ?? { case: undefined } })) });
const text = (value: string): Kind => ({ case: 'text', value });
const call = (id: string, name: string, args: string): Kind => ({ case: 'toolCall', value: { id, name, arguments: args } });
const result = (callId: string, value: string, more: { name?: string; isError?: boolean } = {}): Kind => ({ case: 'toolResult', value: { callId, text: value, ...more } });

it('ends with the turn that is to be written', () => {
  expect(chatHistoryOf([message(Role.SYSTEM, text('be brief')), message(Role.USER, text('a'), text('b'))])).toEqual([
    { type: 'system', text: 'be brief' },
    { type: 'user', text: 'ab' },
    { type: 'model', response: [] },
  ]);
});

it('goes on with the turn whose calls have their results, by id or by the name of the tool', () => {
  const history = chatHistoryOf([
    message(Role.USER, text('hi')),
    message(Role.ASSISTANT, { case: 'reasoning', value: 'hm' }, text('Let me see.'), call('a', 'f', '{"x":1}'), call('b', 'g', '')),
    message(Role.ASSISTANT, call('c', 'h', '{"x":')),
    message(Role.TOOL, result('b', 'broken', { isError: true }), result('a', 'one')),
    message(Role.TOOL, result('?', 'three', { name: 'h' })),
  ]);
  expect(history.at(-1)).toEqual({
    type: 'model',
    response: [
      { type: 'segment', segmentType: 'thought', text: 'hm', ended: true },
      'Let me see.',
      { type: 'functionCall', name: 'f', params: { x: 1 }, result: 'one' },
      { type: 'functionCall', name: 'g', params: {}, result: { error: 'broken' } },
      { type: 'functionCall', name: 'h', params: '{"x":', result: 'three' },
    ],
  });
});

it('refuses pictures, and results of calls that were not made', () => {
  expect(() => chatHistoryOf([message(Role.USER, { case: 'image', value: { url: 'https://a.example/b.png' } })])).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400 }));
  expect(() => chatHistoryOf([message(Role.TOOL, result('a', 'one'))])).toThrow(expect.objectContaining({ code: 'invalid_value', status: 400 }));
});
