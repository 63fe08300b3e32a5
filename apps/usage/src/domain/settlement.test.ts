import { describe, expect, it } from 'vitest';
import type { UsageRecord } from './attempt.js';
import { settlementOf } from './settlement.js';

const record: UsageRecord = {
  tenantId: 't', attemptId: 'a', result: 'succeeded', provider: 'openai', model: 'gpt-4o', tool: '', tokens: { input: 1_000, output: 100, cacheRead: 2_000, cacheWrite: 0, reasoning: 40 },
  isEstimated: false, price: { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 0 }, attribution: { client: '', project: '', keyId: '', user: '', agent: '', threadId: '' },
  runId: undefined, step: 0, requested: '', route: '', finishedAtMs: 0, durationMs: 0, errorCode: '', providerRequestId: '', traceId: '', resolution: '',
};

describe('settlementOf', () => {
  it('costs each bucket at its price', () => {
    expect(settlementOf(record).cost).toBe(2_500 + 1_000 + 2_500);
  });

  it.each(['failed', 'cancelled'] as const)('charges what a %s call used', (result) => {
    expect(settlementOf({ ...record, result }).cost).toBe(6_000);
  });

  it('charges nothing for what was never sent, whatever the record says it used', () => {
    expect(settlementOf({ ...record, result: 'not_sent' })).toMatchObject({ cost: 0, tokens: { input: 0, output: 0, cacheRead: 0 }, price: record.price });
  });

  it('charges nothing for a tool without tokens, and needs no price for it', () => {
    expect(settlementOf({ ...record, tool: 'math_solver', tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, price: undefined }).cost).toBe(0);
  });

  it.each([record.tokens, { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, images: 1 }])('refuses to guess a price', (tokens) => {
    expect(() => settlementOf({ ...record, tokens, price: undefined })).toThrow(expect.objectContaining({ code: 'usage_price_missing', isRetryable: false }));
  });
});
