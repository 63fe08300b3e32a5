import { create } from '@bufbuild/protobuf';
import { AttributionSchema, BudgetLevel as Level, BudgetScope as Scope, OpenedAttempt_State as State, UsageRecorded_Result as Result, type Attempt } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchCeilings } from './ceiling-watch.js';
import { DAY_MS, NOON, attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const LIMIT = 20_000n;
const BUDGETS = [
  ...['day', 'month', 'total'].map((period) => ({ period, scope: Scope.TENANT, limitMicroUsd: LIMIT * (period === 'day' ? 1n : 2n) })),
  { period: 'day', scope: Scope.CLIENT, subject: '*', limitMicroUsd: 6_000n },
  { period: 'month', scope: Scope.PROJECT, subject: 'site', level: Level.SOFT, limitMicroUsd: 500n },
  { period: 'total', scope: Scope.KEY, subject: '*', limitMicroUsd: 9_000n },
  { period: 'day', scope: Scope.USER, subject: 'ann', limitMicroUsd: 2_000n },
  { period: 'day', scope: Scope.AGENT, subject: '*', level: Level.CRITICAL, exemptAgents: ['night'], limitMicroUsd: 3_000n },
];
/** Every use against the sums of the ledger and of the attempts, also where one of the two has none. */
const DRIFT = `
  SELECT d.name, s.subject, sum(s.spent)::int AS booked, sum(s.reserved)::int AS open, max(u.spent_micro_usd)::int AS spent, max(u.reserved_micro_usd)::int AS reserved
    FROM usage.budget d
    CROSS JOIN LATERAL (
      SELECT usage.budget_subject(d.scope, x.client, x.project, x.key_id, x.user_label, x.agent) AS subject, x.spent, x.reserved, usage.window_start(d.period, x.day) AS window_start FROM (
        SELECT l.day, l.cost_micro_usd AS spent, 0 AS reserved, l.client, l.project, l.key_id, l.user_label, l.agent FROM usage.ledger l UNION ALL
        SELECT a.day, 0, a.reserved_micro_usd, a.client, a.project, a.key_id, a.user_label, a.agent FROM usage.attempt a WHERE a.state IN ('open', 'unknown')) x) s
    JOIN usage.budget_use u ON u.budget_id = d.id AND u.subject = s.subject AND u.window_start = s.window_start
   WHERE s.subject = d.subject OR (d.subject = '*' AND s.subject <> '')
   GROUP BY d.name, s.subject`;
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
    for (const budget of BUDGETS) await replicas[0].client(tenant).setBudget({ ...budget, name: `${Scope[budget.scope]} ${budget.period}` });
  }
  const opened: Attempt[] = [];
  const one = (...of: string[]) => of[random(of.length)] as string;
  const labels = () => create(AttributionSchema, { client: one('', 'acme', 'beta'), project: one('', 'site'), keyId: one('', 'k1', 'k2', 'k3'), user: one('', 'ann', 'bob'), agent: one('', 'day', 'night') });
  const ceilings = await watchCeilings(postgres.url);
  for (let round = 0; round < 12; round++) {
    replicas[0].now = NOON + round * (DAY_MS / 6);
    replicas[1].now = replicas[0].now + (random(2) === 0 ? 3_600_000 : -3_600_000);
    const asked = Array.from({ length: 40 }, () => attempt(tenants[random(3)] as string, { maxInputTokens: BigInt(random(400)), maxOutputTokens: BigInt(random(400)), minOutputTokens: BigInt(random(50)), attribution: labels() }));
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
  }, { interval: 100, timeout: 20_000 }).toBe(true);
  expect(before, seen).toBeGreaterThan(20);
  const resolutions: string[] = [];
  const uses: string[] = [];
  for (const tenantId of tenants) {
    const rows = await replicas[0].database.withTenant(tenantId, (tx) => tx.query<Record<string, unknown>>('drift', DRIFT));
    uses.push(...rows.map((row) => String(row['name'])));
    resolutions.push(...(await replicas[0].database.withTenant(tenantId, (tx) => tx.query<{ what: string }>('kinds', "SELECT DISTINCT resolution || correction AS what FROM usage.ledger"))).map(({ what }) => what));
    for (const row of rows) {
      expect({ ...row, spent: row['booked'], reserved: row['open'] }, seen).toEqual(row);
    }
  }
  expect(await ceilings.above(), `${seen}: never above`).toEqual([]);
  expect(await ceilings.commits()).toBeGreaterThan(100);
  await ceilings.stop();
  expect(new Set(uses).size, `${seen}: every budget was used`).toBe(BUDGETS.length);
  expect([...new Set(resolutions)].sort(), `${seen}: all ways were gone`).toEqual(['0', 'owner0', 'owner1', 'policy0', 'provider0']);
});
