import { create } from '@bufbuild/protobuf';
import type { Message } from '@nexus/channels';
import { IncomingRequestSchema } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { entryJson, entryLines, unreadableEntry } from './channel-entry.js';

const message: Message<'requests.incoming'> = {
  channel: 'requests.incoming', id: 'q1', payload: create(IncomingRequestSchema, { text: 'hello', surface: 'cli' }), metadata: { authorization: 'Bearer nxs_secret', 'reply-to': 'me' },
  correlationId: 'ticket-7', timestamp: 1_795_162_814_000, tenantId: '', replyTo: 'me', trace: undefined, entryId: '5-0', deliveries: 1,
};

it('shows an entry and never who may publish it', () => {
  expect(entryLines(message)).toEqual(['2026-11-20T08:20:14.000Z  5-0  id=q1  correlation=ticket-7  authorization=(secret)  reply-to=me', '  {"text":"hello","surface":"cli"}']);
  expect(JSON.parse(entryJson(message))).toMatchObject({ id: 'q1', entry_id: '5-0', metadata: { authorization: '(secret)' }, payload: { text: 'hello' } });
});

it('says of an entry that cannot be read why', () => {
  const error = new AppError('malformed_payload', 'payload is no JSON');
  expect(unreadableEntry('requests.incoming', '5-0', error, false)).toBe('(cannot be read)  5-0  payload is no JSON [malformed_payload]');
  expect(JSON.parse(unreadableEntry('requests.incoming', '5-0', error, true))).toMatchObject({ entry_id: '5-0', error: { code: 'malformed_payload' } });
});
