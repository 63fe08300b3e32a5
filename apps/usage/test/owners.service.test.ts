import type { Attempt } from '@nexus/contracts';
import { SYSTEM_TENANT_ID, newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOON, attempt, recorded, startUsage, states, type UsageUnderTest } from './usage-test.js';

const STRAY_AFTER_MS = 10_000;
const postgres = postgresTest();
let usage: UsageUnderTest;
let tenant: string;
/** Names of their own for each test, as owners belong to no tenant. */
let a: string;
let b: string;

beforeAll(async () => {
  usage = await startUsage(postgres.url, { NEXUS_ATTEMPT_SWEEP_MS: '50' });
});
afterAll(() => usage.stop());
beforeEach(async () => {
  tenant = newId();
  usage.now = NOON;
  [a, b] = [`a-${newId()}`, `b-${newId()}`];
  await usage.database.withTenant(SYSTEM_TENANT_ID, (tx) => tx.query('heard', "UPDATE usage.owner SET started_at = clock_timestamp(), expires_at = '-infinity', lease_ms = 60000 WHERE owner = ''", []));
  await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000_000n });
});

const life = (replica: string, n = 1): string => `${replica} life-${n}`;
const quota = async () => {
  const [budget] = (await usage.client(tenant).getQuota({})).budgets;
  return { spent: Number(budget?.spentMicroUsd), reserved: Number(budget?.reservedMicroUsd) };
};
async function openedBy(owner: string): Promise<Attempt> {
  const asked = attempt(tenant, { owner });
  expect(states(await usage.open(asked))).toEqual(['OPENED']);
  return asked;
}
const ref = ({ tenantId, attemptId }: Attempt) => ({ tenantId, attemptId });
const stateOf = async ({ attemptId }: Attempt) =>
  (await usage.database.withTenant(tenant, (tx) => tx.query<{ state: string }>('state', 'SELECT state FROM usage.attempt WHERE id = $1', [attemptId])))[0]?.state;

describe('an open attempt that another owner asks for', () => {
  it('is in flight while its own is alive, which is told who that is', async () => {
    await usage.report(life(a));
    await usage.report(life(b));
    const asked = await openedBy(life(a));
    const [again] = await usage.open({ ...asked, owner: life(b) });
    expect([states(again ? [again] : []), again?.owner]).toEqual([['IN_FLIGHT'], life(a)]);
    const [own] = await usage.open(asked);
    expect([states(own ? [own] : []), own?.owner]).toEqual([['IN_FLIGHT'], '']);
  });

  it('is unknown once its owner has not reported for its time', async () => {
    await usage.report(life(a), { ttlMs: 200n });
    await usage.report(life(b));
    const asked = await openedBy(life(a));
    expect(states(await usage.open({ ...asked, owner: life(b) }))).toEqual(['IN_FLIGHT']);
    await expect.poll(async () => (await usage.report(life(b)), states(await usage.open({ ...asked, owner: life(b) })))).toEqual(['UNKNOWN']);
    expect(await quota()).toEqual({ spent: 0, reserved: 200 });
  });

  it('is unknown at once when a later life of the same replica has reported', async () => {
    await usage.report(life(a));
    const asked = await openedBy(life(a));
    await usage.report(life(a, 2));
    expect(states(await usage.open({ ...asked, owner: life(a, 2) }))).toEqual(['UNKNOWN']);
  });

  it('stays in flight when an earlier life of its replica wakes up and asks: that one is told that it is over', async () => {
    await usage.report(life(a));
    await usage.report(life(a, 2));
    const asked = await openedBy(life(a, 2));
    expect(states(await usage.open({ ...asked, owner: life(a) }))).toEqual(['IN_FLIGHT']);
    expect((await usage.report(life(a))).isSuperseded).toBe(true);
    expect((await usage.report(life(a, 2))).isSuperseded).toBe(false);
  });

  it('is unknown at once when its owner has ended', async () => {
    await usage.report(life(a));
    const asked = await openedBy(life(a));
    await usage.report(life(a), { ttlMs: 0n });
    expect(states(await usage.open({ ...asked, owner: life(b) }))).toEqual(['UNKNOWN']);
  });

  it('that is settled names the owner that has its answer', async () => {
    await usage.report(life(a));
    const asked = await openedBy(life(a));
    await usage.bus.publish(recorded(asked));
    await expect.poll(async () => states(await usage.open({ ...asked, owner: life(b) }))).toEqual(['SETTLED']);
    expect((await usage.open({ ...asked, owner: life(b) }))[0]?.owner).toBe(life(a));
    await usage.report(life(a), { ttlMs: 0n });
    expect((await usage.open({ ...asked, owner: life(b) }))[0]?.owner).toBe('');
  });

  it('leaves its batch neighbours in their tenant', async () => {
    await usage.report(life(a));
    const asked = await openedBy(life(a));
    const fresh = attempt(tenant, { owner: life(b) });
    const other = attempt(newId(), { owner: life(b) });
    expect(states(await usage.open({ ...asked, owner: life(b) }, fresh, other))).toEqual(['IN_FLIGHT', 'OPENED', 'OPENED']);
    expect(await quota()).toEqual({ spent: 0, reserved: 400 });
  });
});

describe('an owner', () => {
  it('is asked about what has been open for a while, and about nothing else', async () => {
    await usage.report(life(a));
    const [old, over, others] = [await openedBy(life(a)), await openedBy(life(a)), await openedBy(life(b))];
    await usage.bus.publish(recorded(over));
    await expect.poll(() => stateOf(over)).toBe('settled');
    expect((await usage.report(life(a))).yours).toEqual([]);
    usage.now = NOON + STRAY_AFTER_MS + 1;
    await openedBy(life(a));
    const { yours } = await usage.report(life(a));
    expect(yours).toMatchObject([ref(old)]);
    expect(others.owner).toBe(life(b));
  });

  it('says of which it does not know: they are unknown; not so those of others, and those that are over', async () => {
    await usage.report(life(a));
    await usage.report(life(b));
    const [lost, over, others] = [await openedBy(life(a)), await openedBy(life(a)), await openedBy(life(b))];
    await usage.bus.publish(recorded(over));
    await expect.poll(() => stateOf(over)).toBe('settled');
    await usage.report(life(a), { lost: [ref(lost), ref(over), ref(others), { tenantId: tenant, attemptId: newId() }] });
    expect(await Promise.all([lost, over, others].map(stateOf))).toEqual(['unknown', 'settled', 'open']);
    expect(await quota()).toEqual({ spent: 100, reserved: 400 });
  });

  it('that is gone leaves unknown attempts behind without anybody asking; those of one that is alive stay open', async () => {
    await usage.report(life(a), { ttlMs: 300n });
    await usage.report(life(b));
    const [orphan, kept] = [await openedBy(life(a)), await openedBy(life(b))];
    usage.now = NOON + STRAY_AFTER_MS + 1;
    await expect.poll(async () => (await usage.report(life(b)), stateOf(orphan))).toBe('unknown');
    expect(await stateOf(kept)).toBe('open');
  });

  it('is not gone because the ledger was away and nobody could report; but when it does not come back either', async () => {
    for (const one of [a, b]) await usage.report(life(one), { ttlMs: 250n });
    const [lives, dead] = [await openedBy(life(a)), await openedBy(life(a))];
    usage.now = NOON + STRAY_AFTER_MS + 1;
    const isSilent = () => usage.database.withTenant(SYSTEM_TENANT_ID, (tx) => tx.query<{ is: boolean }>('silent', "SELECT started_at < clock_timestamp() - interval '400 ms' AS is FROM usage.owner WHERE owner = ''", []));
    await expect.poll(async () => (await isSilent())[0]?.is, { timeout: 3_000 }).toBe(true);
    await usage.report(life(b), { ttlMs: 250n });
    expect(states(await usage.open({ ...lives, owner: life(b) }))).toEqual(['IN_FLIGHT']);
    expect(await stateOf(dead)).toBe('open');
    // A lease that a slow machine keeps too: silence would begin anew with every report that is late.
    const report = setInterval(() => void usage.report(life(b), { ttlMs: 2_000n }), 50);
    await expect.poll(() => stateOf(dead), { timeout: 20_000 }).toBe('unknown').finally(() => clearInterval(report));
  });

  it('that reports nonsense is refused with its place', async () => {
    const wrong = usage.report('', {}).catch((error: unknown) => fromConnectError(error));
    expect(await wrong).toMatchObject({ code: 'invalid_request', status: 400, param: 'owner' });
    const lost = usage.report(life(a), { lost: [{ tenantId: tenant, attemptId: 'mine' }] }).catch((error: unknown) => fromConnectError(error));
    expect(await lost).toMatchObject({ param: 'lost.0.attemptId' });
  });
});
