import { create } from '@bufbuild/protobuf';
import { outgoing, type OutgoingMessage } from '@nexus/channels';
import { AttributionSchema, UsageRecorded_Result as Result, type Attempt } from '@nexus/contracts';
import { newId, newTrace, SYSTEM_TENANT_ID } from '@nexus/core';
import { DeadLetterStore } from '@nexus/postgres';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, NOON, attempt, recorded, startUsage, states, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
let usage: UsageUnderTest;
let tenant: string;

beforeAll(async () => {
  usage = await startUsage(postgres.url);
});
afterAll(() => usage.stop());
beforeEach(async () => {
  tenant = newId();
  usage.now = NOON;
  usage.log.length = 0;
  await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000_000n });
});

const ledger = (tenantId = tenant) => usage.database.withTenant(tenantId, (tx) => tx.query<Record<string, unknown>>('ledger', 'SELECT *, day::text FROM usage.ledger ORDER BY settled_at, attempt_id'));
const quota = async () => {
  const [budget] = (await usage.client(tenant).getQuota({})).budgets;
  return { spent: Number(budget?.spentMicroUsd), reserved: Number(budget?.reservedMicroUsd) };
};

/** Publishes, and waits until what was published is handled: a later record has its ledger row. */
async function settle(...messages: readonly OutgoingMessage[]): Promise<void> {
  const marker = attempt(newId());
  await usage.bus.publishAll([...messages, recorded(marker, { tool: 'marker', usage: undefined })]);
  await expect.poll(() => ledger(marker.tenantId)).toHaveLength(1);
}

async function opened(more: Parameters<typeof attempt>[1] = {}): Promise<Attempt> {
  const asked = attempt(tenant, more);
  expect(states(await usage.open(asked))).toEqual(['OPENED']);
  return asked;
}

describe('a settlement', () => {
  it('writes one ledger row with the prices, the tokens, the cost and whom they belong to', async () => {
    const runId = newId();
    const trace = newTrace();
    const asked = await opened({ runId, step: 3, attribution: create(AttributionSchema, { client: 'acme', project: 'site', keyId: 'key-1', user: 'ann', agent: 'writer', threadId: 'thread-1' }) });
    const message = recorded(asked, {
      usage: { input: 70n, cacheRead: 20n, cacheWrite: 3n, cacheWrite1h: 4n, output: 30n, reasoning: 12n, audioInput: 5n, audioOutput: 6n, images: 1n, requests: 2n, estimated: true },
      price: { input: 1_000_000n, output: 2_000_000n, cacheRead: 500_000n, cacheWrite: 1_000_000n, reasoning: 3_000_000n, image: 7_000_000n, request: 11_000_000n, version: '2026-07-24' },
      // What it was opened with stands.
      attribution: { client: 'other', user: 'other' }, runId, step: 3, requested: 'auto', route: 'short and plain', providerRequestId: 'req-1',
    });
    await settle({ ...message, trace });
    expect(await ledger()).toEqual([
      expect.objectContaining({
        attempt_id: asked.attemptId, day: '2026-11-20', result: 'succeeded', provider: 'demo', model: 'small', tool: '', client: 'acme', project: 'site', key_id: 'key-1',
        user_label: 'ann', agent: 'writer', thread_id: 'thread-1', run_id: runId, step: 3, requested: 'auto', route: 'short and plain', input_tokens: 70, cache_read_tokens: 20,
        cache_write_tokens: 3, cache_write_1h_tokens: 4, output_tokens: 18, reasoning_tokens: 12, audio_input_tokens: 5, audio_output_tokens: 6, images: 1, requests: 2, is_estimated: true,
        input_price: 1_000_000, output_price: 2_000_000, cache_read_price: 500_000, cache_write_price: 1_000_000,
        cache_write_1h_price: 1_000_000, reasoning_price: 3_000_000, audio_input_price: 1_000_000, audio_output_price: 2_000_000, image_price: 7_000_000, request_price: 11_000_000, price_version: '2026-07-24',
        cost_micro_usd: 70 + 10 + 3 + 4 + 36 + 36 + 5 + 12 + 7 + 22, reserved_micro_usd: 200, duration_ms: 420, provider_request_id: 'req-1', trace_id: trace.traceId,
      }),
    ]);
    expect(await quota()).toEqual({ spent: 205, reserved: 0 });
  });

  it('told again changes nothing: in the same batch, later, and with other figures', async () => {
    const asked = await opened();
    await settle(recorded(asked), recorded(asked, { usage: { input: 5_000n } }));
    await settle(recorded(asked, { usage: { input: 7_000n } }));
    expect(await ledger()).toEqual([expect.objectContaining({ cost_micro_usd: 100 })]);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
  });

  it('is booked for an attempt that had become unknown', async () => {
    const asked = await opened();
    await usage.open({ ...asked, owner: 'router-2' });
    await settle(recorded(asked));
    expect(await ledger()).toHaveLength(1);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
  });

  it('is booked for an attempt that was never opened, which then can never be', async () => {
    const never = attempt(tenant);
    await settle(recorded(never));
    await settle(recorded(never));
    expect(await ledger()).toEqual([expect.objectContaining({ attempt_id: never.attemptId, cost_micro_usd: 100, reserved_micro_usd: 0 })]);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
    expect(states(await usage.open(never))).toEqual(['SETTLED']);
    expect(usage.log).toContainEqual(expect.objectContaining({ level: 'warn', tenant, count: 1, message: expect.stringContaining('never opened') }));
  });

  it('of a call that was never sent gives the reservation back, and stands in the ledger at no cost', async () => {
    const asked = await opened();
    await settle(recorded(asked, { result: Result.NOT_SENT, errorCode: 'provider_unreachable' }));
    expect(await ledger()).toEqual([expect.objectContaining({ result: 'not_sent', cost_micro_usd: 0, input_tokens: 0, error_code: 'provider_unreachable' })]);
    expect(await quota()).toEqual({ spent: 0, reserved: 0 });
  });

  it('books cost above the reservation, and says so', async () => {
    const asked = await opened();
    await settle(recorded(asked, { usage: { input: 1_200n } }));
    expect(await quota()).toEqual({ spent: 1_200, reserved: 0 });
    expect(usage.log).toContainEqual(expect.objectContaining({ level: 'warn', tenant, count: 1, message: 'attempts cost $0.001000 more than was reserved for them; it was booked' }));
  });

  it('counts on the day on which the attempt was opened, whenever it arrives', async () => {
    const asked = await opened();
    usage.now = NOON + DAY_MS;
    await opened();
    await settle(recorded(asked));
    expect(await ledger()).toEqual([expect.objectContaining({ day: '2026-11-20', cost_micro_usd: 100 })]);
    expect(await quota()).toEqual({ spent: 0, reserved: 200 });
  });

  it('of a tool stands in the ledger without an attempt', async () => {
    const execution = attempt(tenant);
    const told = recorded(execution, { tool: 'math_solver', usage: undefined, price: undefined, provider: '', model: '' });
    await settle(told, recorded(await opened()));
    await settle(told);
    expect((await ledger()).map((row) => [row['tool'], row['cost_micro_usd']]).sort()).toEqual([['', 100], ['math_solver', 0]]);
    expect(usage.log).toEqual([]);
  });

  it('that cannot be booked becomes a dead letter, and its neighbours are booked', async () => {
    const [before, bad, after] = [await opened(), await opened(), await opened()];
    await settle(recorded(before), recorded(bad, { price: undefined }), recorded(after), outgoing({ ...recorded(bad), id: newId(), tenantId: 'nobody' }));
    await expect.poll(() => ledger()).toHaveLength(2);
    const letters = new DeadLetterStore(usage.database, 'usage');
    await expect.poll(async () => (await letters.list(tenant)).map((letter) => letter.reasonCode)).toEqual(['usage_price_missing']);
    await expect.poll(async () => (await letters.list(SYSTEM_TENANT_ID)).map((letter) => letter.reasonCode)).toContain('invalid_usage_record');
    expect(await quota()).toEqual({ spent: 200, reserved: 200 });
  });

  it('of an attempt that a budget refused is booked all the same: real cost always is', async () => {
    await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 10n });
    const refused = attempt(tenant);
    expect(states(await usage.open(refused))).toEqual(['REFUSED']);
    await settle(recorded(refused));
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
  });
});

describe('settlements of many tenants', () => {
  it('of 32 tenants in one batch each reach their own ledger and budget', async () => {
    const attempts = Array.from({ length: 96 }, (_, index) => attempt(index < 32 ? newId() : tenant));
    await usage.open(...attempts);
    await settle(...attempts.map((asked) => recorded(asked)));
    for (const asked of attempts.slice(0, 32)) expect(await ledger(asked.tenantId)).toHaveLength(1);
    expect(await ledger()).toHaveLength(64);
    expect(await quota()).toEqual({ spent: 6_400, reserved: 0 });
  });
});
