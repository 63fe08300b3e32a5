import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Role } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { expect, it } from 'vitest';
import { checkRequest } from './request-rules.js';

const NOW = 1_000;
const check = (request: MessageInitShape<typeof IncomingRequestSchema>) => () => checkRequest(create(IncomingRequestSchema, request), NOW);
const history = [{ role: Role.USER, parts: [{ kind: { case: 'text' as const, value: 'hi' } }] }];

it.each([
  [{ text: 'hi' }],
  [{ text: 'hi', threadId: newId(), deadlineMs: BigInt(NOW + 1) }],
  [{ history }],
  [{ attachments: [{ uri: 'https://example.com/a.png' }] }],
  [{ forkedFrom: { runId: newId() } }],
  [{ text: 'and?', forkedFrom: { runId: newId(), step: 3 } }],
])('takes %#', (request) => {
  expect(check(request)).not.toThrow();
});

it.each([
  ['text', { text: ' \n ' }],
  ['text', { text: 'x'.repeat(1_048_577) }],
  ['text', { text: 'both', history }],
  ['history', { history: Array.from({ length: 2_001 }, () => history[0]) }],
  ['thread_id', { text: 'hi', threadId: 'mine' }],
  ['deadline_ms', { text: 'hi', deadlineMs: BigInt(NOW) }],
  ['deadline_ms', { text: 'hi', deadlineMs: 9_223_372_036_854_775_807n }],
  ['chat_id', { text: 'hi', chatId: 'a\u0000b' }],
  ['sender.id', { text: 'hi', sender: { id: 'a\u0000b' } }],
  ['surface', { text: 'hi', surface: 'x'.repeat(513) }],
  ['timezone', { text: 'hi', timezone: 'x'.repeat(513) }],
  ['locale', { text: 'hi', locale: 'a\u0000b' }],
  ['forked_from.run_id', { forkedFrom: { runId: 'mine' } }],
  ['forked_from.step', { forkedFrom: { runId: newId(), step: -1 } }],
  ['history', { history, forkedFrom: { runId: newId() } }],
  ['thread_id', { threadId: newId(), forkedFrom: { runId: newId() } }],
  ['attachments', { text: 'hi', attachments: Array.from({ length: 33 }, () => ({})) }],
] as [string, MessageInitShape<typeof IncomingRequestSchema>][])('refuses a wrong %s', (param, request) => {
  expect(check(request)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
});
