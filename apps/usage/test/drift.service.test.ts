import { OpenedAttempt_State as State, UsageRecorded_Result as Result, type Attempt } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY_MS, NOON, attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const LIMIT = 20_000n;
const postgres = postgresTest();
const tenants = [newId(), newId(), newId()];
let replicas: readonly [UsageUnderTest, UsageUnderTest];

beforeAll(async () => {
  const environment = { NEXUS_UNKNOWN_AFTER_MS: '100', NEXUS_ATTEMPT_SWEEP_MS: '100' };
  replicas = [await startUsage(postgres.url, environment), await startUsage(postgres.url, environment)];
});
afterAll(() => Promise.all(replicas.map((replica) => replica.stop())));

/** Small and repeatable (mulberry32): the seed is in the failure's message. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

it('budgets never drift from the ledger and the open attempts, nor above their limit, with two replicas whose clocks differ, and attempts that are lost and resolved', { timeout: 60_000 }, async () => {
  const seed = Number(process.env['NEXUS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomNumbers(seed);
  for (const tenant of tenants) {
    for (const period of ['day', 'month', 'total']) await replicas[0].client(tenant).setBudget({ name: period, period, limitMicroUsd: LIMIT * (period === 'day' ? 1n : 2n) });
  }
  const opened: Attempt[] = [];
  for (let round = 0; round < 12; round++) {
    replicas[0].now = NOON + round * (DAY_MS / 6);
    replicas[1].now = replicas[0].now + (random(2) === 0 ? 3_600_000 : -3_600_000);
    const asked = Array.from({ length: 40 }, () => attempt(tenants[random(3)] as string, { maxInputTokens: BigInt(random(400)), maxOutputTokens: BigInt(random(400)), minOutputTokens: BigInt(random(50)) }));
    const told = opened.filter(() => random(3) === 0);
    // Each in its own call, and some of them twice, so that they meet in batches as they come.
    const answers = await Promise.all([...asked, ...opened.filter(() => random(8) === 0)].map((item) => (replicas[random(2)] as UsageUnderTest).open({ ...item, owner: `router-${random(9) === 0 ? 2 : 1} life` })));
    answers.flat().forEach((answer) => {
      const item = asked.find(({ attemptId }) => attemptId === answer.attemptId);
      if (item && answer.state === State.OPENED) opened.push({ ...item, maxOutputTokens: answer.grantedOutputTokens });
    });
    // Owners lose attempts, say that they never called, have them booked by policy; and their records come before, after, or at the same time.
    const some = () => opened.filter(() => random(12) === 0).map(({ tenantId, attemptId }) => ({ tenantId, attemptId }));
    await Promise.all([1, 2].map((n) => (replicas[random(2)] as UsageUnderTest).report(`router-${n} life`, { ttlMs: BigInt(random(3) * 200), lost: some(), uncalled: some(), unresolvable: some() })));
    await replicas[0].bus.publishAll(told.flatMap((item) => {
      const resolution = random(5) === 0 ? 'provider' : '';
      const record = recorded(item, random(6) === 0 ? { result: Result.NOT_SENT, resolution } : { resolution, usage: { input: BigInt(random(Number(item.maxInputTokens) + 1)), output: BigInt(random(Number(item.maxOutputTokens) + 1)) } });
      return random(4) === 0 ? [record, record] : [record];
    }));
  }
  const seen = `NEXUS_TEST_SEED=${seed}`;
  const settled = async () => (await Promise.all(tenants.map((tenant) => replicas[0].client(tenant).getUsage({ toDay: '2027-01-01' })))).reduce((sum, { total }) => sum + Number(total?.attempts), 0);
  let before = -1;
  await expect.poll(async () => {
    const now = await settled();
    const isQuiet = now === before;
    before = now;
    return isQuiet;
  }, { interval: 100 }).toBe(true);
  expect(before, seen).toBeGreaterThan(20);
  const resolutions: string[] = [];
  for (const tenantId of tenants) {
    const rows = await replicas[0].database.withTenant(tenantId, (tx) => tx.query<Record<string, unknown>>('drift', `
      SELECT b.name, b.limit_micro_usd::int AS "limit", b.spent_micro_usd::int AS spent, b.reserved_micro_usd::int AS reserved,
             coalesce((SELECT sum(l.cost_micro_usd) FROM usage.ledger l WHERE usage.window_start(b.period, l.day) = b.window_start), 0)::int AS booked,
             coalesce((SELECT sum(a.reserved_micro_usd) FROM usage.attempt a WHERE usage.window_start(b.period, a.day) = b.window_start AND a.state IN ('open', 'unknown')), 0)::int AS open
        FROM usage.budget b`));
    expect(rows, seen).toHaveLength(3);
    resolutions.push(...(await replicas[0].database.withTenant(tenantId, (tx) => tx.query<{ what: string }>('kinds', "SELECT DISTINCT resolution || correction AS what FROM usage.ledger"))).map(({ what }) => what));
    for (const row of rows) {
      expect({ ...row, spent: row['booked'], reserved: row['open'] }, seen).toEqual(row);
      expect(Number(row['spent']) + Number(row['reserved']), seen).toBeLessThanOrEqual(Number(row['limit']));
    }
  }
  expect([...new Set(resolutions)].sort(), `${seen}: all ways were gone`).toEqual(['0', 'owner0', 'owner1', 'policy0', 'provider0']);
});
