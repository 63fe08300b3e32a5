import { create } from '@bufbuild/protobuf';
import { GetDeadLetterResponseSchema } from '@nexus/contracts';
import { SYSTEM_TENANT_ID } from '@nexus/core';
import { expect, it } from 'vitest';
import { changeLines } from './dead-letter-change.js';
import { deadLetterDetail } from './dead-letter-detail.js';
import { deadLetterCounts } from './dead-letter-table.js';

const shown = create(GetDeadLetterResponseSchema, {
  deadLetter: {
    id: '1f', channel: 'requests.incoming', entryId: '5-0', messageId: 'q1', consumerGroup: 'orchestrator', deliveries: 5, replays: 2, tenantId: SYSTEM_TENANT_ID,
    reason: 'payload is\n\u001b[31mred', reasonCode: 'malformed_payload', firstSeenAt: 1_795_162_814_000n, lastSeenAt: 1_795_162_815_000n,
  },
  fields: [
    { name: 'id', value: { case: 'text', value: 'q1' } },
    { name: 'payload', value: { case: 'text', value: '{"text":"hello"}' }, isChanged: true },
    { name: 'metadata', value: { case: 'text', value: '{"authorization":"(secret)"}' }, isChanged: true },
    { name: 'bell', value: { case: 'text', value: 'a\u0007b' } },
    { name: 'other', value: { case: 'bytes', value: Uint8Array.from([0xff, 0x01]) } },
  ],
});

it('shows a dead letter with what its entry held, and nothing that could steer a terminal', () => {
  expect(deadLetterDetail(shown, 'hex')).toEqual([
    'id          1f',
    'of          nobody known (--system)',
    'channel     requests.incoming',
    'by          orchestrator',
    'message     q1',
    'entry       5-0',
    'reason      payload is [31mred [malformed_payload]',
    'tries       5',
    'replayed    2 times, and failed again',
    'first seen  2026-11-20 08:20:14 UTC',
    'last seen   2026-11-20 08:20:15 UTC',
    '',
    'The entry:',
    '  id', '    q1',
    '  payload (decoded)', '    {', '      "text": "hello"', '    }',
    '  metadata (secrets masked)', '    {"authorization":"(secret)"}',
    '  bell', '    ab',
    '  other (2 bytes, hex)', '    ff01',
    '',
    'It can be read by this version of NEXUS.',
  ]);
  expect(deadLetterDetail(create(GetDeadLetterResponseSchema, { ...shown, problem: 'payload is missing' }), 'base64')).toEqual(expect.arrayContaining(['    /wE=', 'It cannot be read: payload is missing']));
});

it('counts letters by service, channel and reason', () => {
  expect(deadLetterCounts([])).toEqual(['There is no dead letter.']);
  const count = { channel: 'usage.recorded', consumerGroup: 'usage', reasonCode: 'usage_price_missing', count: 1_280, firstSeenAt: 1_795_162_814_000n, lastSeenAt: 1_795_162_815_000n, $typeName: 'nexus.common.v1.DeadLetterCount' as const };
  expect(deadLetterCounts([{ whose: 'tenant', count }])[1]).toBe('  1,280  usage  usage.recorded  usage_price_missing  tenant  2026-11-20 08:20:14  2026-11-20 08:20:15');
});

it('says what was done, and what was not', () => {
  expect(changeLines('purge', 1, { done: 1, failures: [], unanswered: [] })).toEqual(['Purged 1 dead letter.']);
  const failure = { $typeName: 'nexus.common.v1.ReplayFailure' as const, id: '1f' };
  expect(changeLines('replay', 3, { done: 2, failures: [failure], unanswered: ['usage'] })).toEqual([
    'Replayed 2 of 3 dead letters.', '  1f stays:  []', 'These did not answer, and their letters were not seen to: usage.',
  ]);
});
