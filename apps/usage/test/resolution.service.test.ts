import { UsageRecorded_Result as Result, type Attempt } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, NOON, attempt, recorded, startUsage, states, type UsageUnderTest } from './usage-test.js';

const UNKNOWN_AFTER_MS = 400;
const RESOLVE_EVERY_MS = 100;
const postgres = postgresTest();
let usage: UsageUnderTest;
let tenant: string;
let owner: string;

beforeAll(async () => {
  usage = await startUsage(postgres.url, { NEXUS_UNKNOWN_AFTER_MS: String(UNKNOWN_AFTER_MS), NEXUS_RESOLVE_EVERY_MS: String(RESOLVE_EVERY_MS) });
});
afterAll(() => usage.stop());
beforeEach(async () => {
  tenant = newId();
  owner = `router-${newId()} life`;
  usage.now = NOON;
  usage.log.length = 0;
  await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000_000n });
  await usage.report(owner);
});

const ref = ({ tenantId, attemptId }: Attempt) => ({ tenantId, attemptId });
const ledger = () => usage.database.withTenant(tenant, (tx) => tx.query<Record<string, unknown>>('ledger', 'SELECT *, day::text FROM usage.ledger ORDER BY attempt_id, correction'));
const quota = async () => {
  const [budget] = (await usage.client(tenant).getQuota({})).budgets;
  return { spent: Number(budget?.spentMicroUsd), reserved: Number(budget?.reservedMicroUsd) };
};

async function opened(more: Parameters<typeof attempt>[1] = {}): Promise<Attempt> {
  const asked = attempt(tenant, { owner, ...more });
  expect(states(await usage.open(asked))).toEqual(['OPENED']);
  return asked;
}
async function unknown(more: Parameters<typeof attempt>[1] = {}): Promise<Attempt> {
  const asked = await opened(more);
  await usage.report(owner, { lost: [ref(asked)] });
  return asked;
}
/** What any owner is handed out of this test's tenant. */
const handedOut = async () => (await usage.report(`other-${tenant} life`)).unknown.filter(({ tenantId }) => tenantId === tenant);
/** Handled when a later record has its ledger row. */
async function settle(...messages: Parameters<UsageUnderTest['bus']['publishAll']>[0]): Promise<void> {
  const marker = attempt(newId());
  await usage.bus.publishAll([...messages, recorded(marker, { tool: 'marker', usage: undefined })]);
  await expect.poll(() => usage.database.withTenant(marker.tenantId, (tx) => tx.query('marker', 'SELECT FROM usage.ledger'))).toHaveLength(1);
}
/** The sums over the ledger and the attempts are what the budget says. */
async function expectNoDrift(): Promise<void> {
  const [sums] = await usage.database.withTenant(tenant, (tx) => tx.query<{ spent: number; reserved: number }>('sums', `
    SELECT (SELECT coalesce(sum(cost_micro_usd), 0)::int FROM usage.ledger) AS spent,
           (SELECT coalesce(sum(reserved_micro_usd), 0)::int FROM usage.attempt WHERE state IN ('open', 'unknown')) AS reserved`));
  expect(await quota()).toEqual(sums);
}

describe('an UNKNOWN attempt', () => {
  it('is handed to one owner at a time, at once and then ever more seldom, with all that a record of it needs', async () => {
    const asked = await opened({ runId: newId(), attribution: { client: 'acme', project: 'site', keyId: 'key-1' } as never });
    const first = (await usage.report(owner, { lost: [ref(asked)] })).unknown.find(({ attemptId }) => attemptId === asked.attemptId);
    expect(first).toMatchObject({ ...ref(asked), provider: 'demo', model: 'small', runId: asked.runId, price: { input: 1_000_000n, output: 2_000_000n }, attribution: { client: 'acme', keyId: 'key-1' }, asked: 0 });
    expect(await handedOut()).toEqual([]);
    await expect.poll(handedOut, { interval: 20 }).toMatchObject([{ asked: 1 }]);
    await expect.poll(handedOut, { interval: 20 }).toMatchObject([{ asked: 2 }]);
  });

  it('is settled by what its provider says, which the ledger keeps', async () => {
    const asked = await unknown();
    await settle(recorded(asked, { resolution: 'provider' }));
    expect(await ledger()).toMatchObject([{ resolution: 'provider', cost_micro_usd: 100, correction: 0 }]);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
    expect(await handedOut()).toEqual([]);
  });

  it('that its provider never got gives its reservation back', async () => {
    const asked = await unknown();
    expect(await quota()).toEqual({ spent: 0, reserved: 200 });
    await settle(recorded(asked, { result: Result.NOT_SENT, resolution: 'provider' }));
    expect(await ledger()).toMatchObject([{ resolution: 'provider', result: 'not_sent', cost_micro_usd: 0 }]);
    expect(await quota()).toEqual({ spent: 0, reserved: 0 });
  });

  it('whose owner comes back is settled by it, and the ledger says so', async () => {
    const [asked, neighbour] = [await unknown(), await opened()];
    await settle(recorded(asked), recorded(neighbour));
    const rows = await ledger();
    expect(rows.find((row) => row['attempt_id'] === asked.attemptId)).toMatchObject({ resolution: 'owner', cost_micro_usd: 100 });
    expect(rows.find((row) => row['attempt_id'] === neighbour.attemptId)).toMatchObject({ resolution: '' });
  });

  it('whose provider cannot be asked is booked with what was reserved, once it has been unknown for long enough', async () => {
    const asked = await unknown();
    await usage.report(owner, { unresolvable: [ref(asked)] });
    expect(await ledger()).toEqual([]);
    await expect.poll(async () => {
      await usage.report(owner, { unresolvable: [ref(asked)] });
      return ledger();
    }, { interval: 50 }).toMatchObject([{ resolution: 'policy', cost_micro_usd: 200, reserved_micro_usd: 200, is_estimated: true, result: 'failed', error_code: 'attempt_unknown', provider: 'demo' }]);
    expect(await quota()).toEqual({ spent: 200, reserved: 0 });
    await usage.report(owner, { unresolvable: [ref(asked)] });
    expect(await quota()).toEqual({ spent: 200, reserved: 0 });
    expect(usage.log).toContainEqual(expect.objectContaining({ level: 'warn', count: 1, message: expect.stringContaining('booked with what was reserved') }));
  });

  it('is not booked by a policy that does not concern it: open, settled, or of nobody', async () => {
    const [open, over] = [await opened(), await opened()];
    await settle(recorded(over));
    await usage.report(owner, { unresolvable: [ref(open), ref(over), { tenantId: tenant, attemptId: newId() }] });
    expect(await ledger()).toMatchObject([{ resolution: '', cost_micro_usd: 100 }]);
    expect(await quota()).toEqual({ spent: 100, reserved: 200 });
  });
});

describe('an attempt that its owner never called', () => {
  it('is settled at no cost by its owner\'s word, and by no other\'s', async () => {
    const [own, others] = [await opened(), await opened({ owner: 'another life' })];
    await usage.report(owner, { uncalled: [ref(own), ref(others)] });
    expect(await ledger()).toMatchObject([{ attempt_id: own.attemptId, resolution: 'owner', result: 'not_sent', cost_micro_usd: 0, is_estimated: false }]);
    expect(await quota()).toEqual({ spent: 0, reserved: 200 });
  });
});

describe('what an owner tells of an attempt that was resolved without it', () => {
  async function bookedByPolicy(): Promise<Attempt> {
    const asked = await unknown({ runId: newId() });
    await expect.poll(async () => {
      await usage.report(owner, { unresolvable: [ref(asked)] });
      return ledger();
    }, { interval: 50 }).toHaveLength(1);
    return asked;
  }

  it('corrects it by a further row: what was really spent is what the sums say', async () => {
    const asked = await bookedByPolicy();
    await settle(recorded(asked));
    expect(await ledger()).toMatchObject([
      { correction: 0, resolution: 'policy', cost_micro_usd: 200, input_tokens: 0 },
      { correction: 1, resolution: 'owner', cost_micro_usd: -100, input_tokens: 80, output_tokens: 10, result: 'succeeded', reserved_micro_usd: 0, is_estimated: false },
    ]);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
    expect((await usage.client(tenant).getUsage({})).total).toMatchObject({ attempts: 1n, costMicroUsd: 100n, tokens: { input: 80n, output: 10n } });
    const { attempts } = await usage.client(tenant).listAttempts({ runId: asked.runId });
    expect(attempts).toMatchObject([{ state: 'settled', costMicroUsd: 100n, resolution: 'owner', usage: { input: 80n, estimated: false } }]);
    expect(usage.log).toContainEqual(expect.objectContaining({ level: 'warn', tenant, count: 1, message: expect.stringContaining('told late') }));
    await expectNoDrift();
  });

  it('is heard once, whatever comes again and whoever else tells', async () => {
    const asked = await bookedByPolicy();
    await settle(recorded(asked), recorded(asked));
    await settle(recorded(asked), recorded(asked, { resolution: 'provider', usage: { input: 7n } }));
    await settle(recorded(asked, { usage: { input: 7_000n } }));
    expect(await ledger()).toHaveLength(2);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
  });

  it('also when the provider had not got it yet when it was asked: real cost is always booked', async () => {
    const asked = await unknown();
    await settle(recorded(asked, { result: Result.NOT_SENT, resolution: 'provider' }));
    await settle(recorded(asked));
    expect(await ledger()).toMatchObject([{ cost_micro_usd: 0, resolution: 'provider' }, { cost_micro_usd: 100, correction: 1 }]);
    expect(await quota()).toEqual({ spent: 100, reserved: 0 });
  });

  it('adds nothing when it is the same', async () => {
    const asked = await unknown();
    await settle(recorded(asked, { resolution: 'provider' }));
    await settle(recorded(asked));
    expect(await ledger()).toHaveLength(1);
  });

  it('counts on the day of the attempt, and leaves a budget that has begun anew alone', async () => {
    const asked = await bookedByPolicy();
    usage.now = NOON + DAY_MS;
    await usage.report(owner);
    await opened();
    await settle(recorded(asked));
    expect((await ledger()).map((row) => [row['day'], row['cost_micro_usd']])).toEqual([['2026-11-20', 200], ['2026-11-20', -100]]);
    expect(await quota()).toEqual({ spent: 0, reserved: 200 });
  });

  it('corrects nothing that its owner itself settled', async () => {
    const asked = await opened();
    await settle(recorded(asked));
    await settle(recorded(asked, { usage: { input: 7_000n } }));
    expect(await ledger()).toHaveLength(1);
  });
});

describe('by hand', () => {
  it('UNKNOWN attempts are listed and resolved with what somebody found out, which the audit is told', async () => {
    const [asked, neighbour] = [await unknown(), await unknown()];
    await opened();
    const listed = await usage.client(tenant).listAttempts({ unknown: true });
    expect(listed.attempts.map(({ attemptId, state }) => [attemptId, state])).toEqual([asked, neighbour].map(({ attemptId }) => [attemptId, 'unknown']));
    await usage.client(tenant).resolveAttempt({ attemptId: asked.attemptId, costMicroUsd: 77n });
    expect(await ledger()).toMatchObject([{ attempt_id: asked.attemptId, resolution: 'manual', cost_micro_usd: 77, is_estimated: true }]);
    expect(await quota()).toEqual({ spent: 77, reserved: 400 });
    await expect.poll(() => usage.audits.filter(({ tenantId }) => tenantId === tenant).map(({ payload }) => [payload.action, payload.subject, payload.after]))
      .toContainEqual(['attempt.resolve', asked.attemptId, '{"state":"settled","cost_micro_usd":77}']);
    await settle(recorded(asked));
    expect(await quota()).toEqual({ spent: 100, reserved: 400 });
  });

  it('nothing else is: neither what is open, nor what is another tenant\'s, nor a cost below nothing', async () => {
    const [open, others] = [await opened(), await unknown()];
    const refusal = (tenantId: string, attemptId: string, cost = 0n) => usage.client(tenantId).resolveAttempt({ attemptId, costMicroUsd: cost }).catch((error: unknown) => fromConnectError(error));
    expect(await refusal(tenant, open.attemptId)).toMatchObject({ code: 'attempt_not_unknown', status: 404 });
    expect(await refusal(newId(), others.attemptId)).toMatchObject({ code: 'attempt_not_unknown' });
    expect(await refusal(tenant, others.attemptId, -1n)).toMatchObject({ code: 'invalid_request', param: 'cost_micro_usd' });
    expect(await ledger()).toEqual([]);
  });
});

describe('a run', () => {
  it('shows how its attempts were resolved, and no tokens where nobody knows them', async () => {
    const runId = newId();
    const asked = await unknown({ runId });
    await expect.poll(async () => {
      await usage.report(owner, { unresolvable: [ref(asked)] });
      return (await usage.client(tenant).listAttempts({ runId })).attempts.map(({ state, resolution, costMicroUsd, usage: tokens }) => [state, resolution, costMicroUsd, tokens]);
    }, { interval: 50 }).toEqual([['settled', 'policy', 200n, undefined]]);
  });
});
