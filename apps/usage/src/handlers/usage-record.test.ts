import { create, type Message as ProtobufMessage, type MessageInitShape } from '@bufbuild/protobuf';
import type { Message } from '@nexus/channels';
import { UsageRecordedSchema, UsageRecorded_Result as Result } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { usageRecordFrom } from './usage-record.js';

const message = (fields: Exclude<MessageInitShape<typeof UsageRecordedSchema>, ProtobufMessage> = {}, tenantId = newId()): Message<'usage.recorded'> => ({
  channel: 'usage.recorded', id: newId(), tenantId, metadata: {}, correlationId: '', timestamp: 0, replyTo: undefined, trace: undefined, entryId: '1-1', deliveries: 1,
  payload: create(UsageRecordedSchema, { attemptId: newId(), result: Result.SUCCEEDED, ...fields }),
});

describe('usageRecordFrom', () => {
  it('reads what is there; what is missing stays unknown, and tokens that nobody told are none', () => {
    const record = usageRecordFrom(message({ usage: { input: 5n, output: 7n, reasoning: 2n }, price: { input: 3n }, model: 'small' }));
    expect(record).toMatchObject({ result: 'succeeded', model: 'small', tokens: { input: 5, output: 7, cacheRead: 0, cacheWrite: 0, reasoning: 2 }, price: { input: 3, output: 0 } });
    expect(usageRecordFrom(message())).toMatchObject({ tokens: { input: 0, output: 0 }, price: undefined, runId: undefined, traceId: '', attribution: { client: '', project: '', keyId: '', user: '', agent: '', threadId: '' }, step: 0, requested: '', route: '' });
  });

  it.each([
    ['a tenant', message({}, 'me')],
    ['an attempt', message({ attemptId: 'mine' })],
    ['a result', message({ result: Result.UNSPECIFIED })],
    ['tokens', message({ usage: { input: -1n } })],
    ['a price', message({ price: { output: -1n } })],
    ['a run', message({ runId: 'my run' })],
  ])('refuses a wrong value of %s', (_what, wrong) => {
    expect(() => usageRecordFrom(wrong)).toThrow(expect.objectContaining({ code: 'invalid_usage_record', isRetryable: false }));
  });

  it('books what it cost although its time or its labels are nonsense', () => {
    const record = usageRecordFrom(message({ finishedAtMs: 2n ** 62n, durationMs: -5n, errorCode: 'x\u0000y', providerRequestId: 'z'.repeat(1_000) }));
    expect(record).toMatchObject({ finishedAtMs: 253_402_300_799_999, durationMs: 0, errorCode: 'x\ufffdy' });
    expect(record.providerRequestId).toHaveLength(200);
  });
});
