import { create, type Message as ProtobufMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { AttributionSchema, BudgetAlert_Kind as Kind, BudgetLevel as Level, BudgetScope as Scope, OpenedAttempt_State as State, SetBudgetRequestSchema, WhenReached as Wish, type Attempt } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchCeilings } from './ceiling-watch.js';
import { DAY_MS, NOON, attempt, recorded, startUsage, states, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
let usage: UsageUnderTest;
let tenant: string;

beforeAll(async () => {
  usage = await startUsage(postgres.url);
});
afterAll(() => usage.stop());
beforeEach(() => {
  tenant = newId();
  usage.now = NOON;
});

type Terms = Exclude<MessageInitShape<typeof SetBudgetRequestSchema>, ProtobufMessage>;
const setBudget = (terms: Terms) => usage.client(tenant).setBudget({ name: 'limit', period: 'day', limitMicroUsd: 250n, ...terms });
const labels = (fields: Parameters<typeof create<typeof AttributionSchema>>[1]) => create(AttributionSchema, fields);
/** Costs $0.0002 at most, with all of its output or not at all. */
const of = (fields: Parameters<typeof labels>[0], more: Parameters<typeof attempt>[1] = {}): Attempt => attempt(tenant, { minOutputTokens: 50n, attribution: labels(fields), ...more });
const open = async (...attempts: Attempt[]) => states(await usage.open(...attempts));
const settled = async (...attempts: Attempt[]) => {
  await usage.bus.publishAll(attempts.map((asked) => recorded(asked)));
  await expect.poll(() => open(...attempts)).toEqual(attempts.map(() => 'SETTLED'));
};
const quota = async () => (await usage.client(tenant).getQuota({})).budgets.map(({ name, subject, spentMicroUsd, reservedMicroUsd }) => [name, subject, Number(spentMicroUsd), Number(reservedMicroUsd)]);
const alerts = async () => (await usage.client(tenant).listBudgetAlerts({})).alerts;
const told = () => usage.alerts.filter(({ tenantId }) => tenantId === tenant);
const errorOf = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => fromConnectError(error));

describe('a budget below the tenant', () => {
  it.each([
    ['client', Scope.CLIENT, { client: 'acme' }, { client: 'beta' }],
    ['project', Scope.PROJECT, { project: 'acme' }, { project: 'beta' }],
    ['user', Scope.USER, { user: 'acme' }, { user: 'beta' }],
    ['key', Scope.KEY, { keyId: 'acme' }, { keyId: 'beta' }],
    ['agent', Scope.AGENT, { agent: 'acme' }, { agent: 'beta' }],
  ])('of a %s counts its calls and no others, and its refusal names it', async (name, scope, its, others) => {
    await setBudget({ scope, subject: 'acme' });
    const answers = await usage.open(of(its), of(others), of({}), of(its));
    expect(states(answers)).toEqual(['OPENED', 'OPENED', 'OPENED', 'REFUSED']);
    expect(answers[3]?.error?.message).toBe(`The budget "limit" of ${name} "acme" has not enough left this day for this call. It begins anew at 2026-11-21 00:00 UTC; raise it to go on now.`);
    expect(await quota()).toEqual([['limit', 'acme', 0, 200]]);
  });

  it('for every subject gives each one of its own, at its first use', async () => {
    await setBudget({ scope: Scope.KEY, subject: '*' });
    expect(await open(of({ keyId: 'k1' }), of({ keyId: 'k2' }), of({}), of({ keyId: 'k1' }))).toEqual(['OPENED', 'OPENED', 'OPENED', 'REFUSED']);
    expect(await quota()).toEqual([['limit', '*', 0, 0], ['limit', 'k1', 0, 200], ['limit', 'k2', 0, 200]]);
  });

  it('that is made in the middle of its window has counted what was before, for each subject', async () => {
    const [first, second] = [of({ client: 'acme' }), of({ client: 'beta' })];
    await open(first, second, of({}));
    await settled(first);
    await setBudget({ scope: Scope.CLIENT, subject: '*' });
    expect(await quota()).toEqual([['limit', '*', 0, 0], ['limit', 'beta', 0, 200], ['limit', 'acme', 100, 0]]);
  });

  it('counts anew when it is for somebody else from now on, and keeps its count when only its limit changes', async () => {
    await setBudget({ scope: Scope.CLIENT, subject: 'acme' });
    await open(of({ client: 'acme' }), of({ client: 'beta', project: 'site' }));
    await setBudget({ scope: Scope.CLIENT, subject: 'acme', limitMicroUsd: 1_000n });
    expect(await quota()).toEqual([['limit', 'acme', 0, 200]]);
    await setBudget({ scope: Scope.PROJECT, subject: 'site' });
    expect(await quota()).toEqual([['limit', 'site', 0, 200]]);
  });

  it('begins anew with its window, each subject by itself', async () => {
    await setBudget({ scope: Scope.USER, subject: '*' });
    await open(of({ user: 'ann' }), of({ user: 'bob' }));
    usage.now = NOON + DAY_MS;
    expect(await open(of({ user: 'ann' }))).toEqual(['OPENED']);
    expect(await quota()).toEqual([['limit', '*', 0, 0], ['limit', 'ann', 0, 200], ['limit', 'bob', 0, 0]]);
  });
});

describe('several budgets', () => {
  it('all reserve; the tightest that is for the call grants its output, and what is for others does not', async () => {
    await setBudget({ name: 'all', limitMicroUsd: 100_000n });
    await setBudget({ name: 'acme', scope: Scope.CLIENT, subject: 'acme', limitMicroUsd: 5_000n });
    await setBudget({ name: 'keys', scope: Scope.KEY, subject: '*', limitMicroUsd: 500n });
    const long = { maxOutputTokens: 128_000n, minOutputTokens: 1n };
    const answers = await usage.open(of({ client: 'acme', keyId: 'k1' }, long), of({ client: 'acme' }, long), of({ client: 'beta' }, long));
    // (500 - 100) / 2; (5000 - 500 - 100) / 2; what the tenant has left.
    expect(answers.map(({ grantedOutputTokens }) => Number(grantedOutputTokens))).toEqual([200, 2_200, 47_450]);
    expect(await quota()).toEqual([['acme', 'acme', 0, 5_000], ['all', '', 0, 100_000], ['keys', '*', 0, 0], ['keys', 'k1', 0, 500]]);
  });

  it('a call that one of them refuses takes nothing from the others', async () => {
    await setBudget({ name: 'all', limitMicroUsd: 100_000n });
    await setBudget({ name: 'acme', scope: Scope.CLIENT, subject: 'acme', limitMicroUsd: 100n });
    expect(await open(of({ client: 'acme' }), of({}))).toEqual(['REFUSED', 'OPENED']);
    expect(await quota()).toEqual([['acme', 'acme', 0, 0], ['all', '', 0, 200]]);
  });

  it('a call without a bound on its output at a model that can write 128k goes through, clamped to what is left', async () => {
    await setBudget({ scope: Scope.KEY, subject: 'k1', limitMicroUsd: 1_000_000n });
    const [opened] = await usage.open(of({ keyId: 'k1' }, { maxInputTokens: 2_000n, maxOutputTokens: 128_000n, minOutputTokens: 1n, price: { input: 15_000_000n, output: 75_000_000n } as never }));
    expect(opened).toMatchObject({ state: State.OPENED, grantedOutputTokens: 12_933n }); // ($1 - $0.03) / $0.000075
  });
});

describe('a refusal', () => {
  it('says what the budget wants instead and what it has left, also when asked again', async () => {
    await setBudget({ whenReached: Wish.CHEAPER_TIER });
    await open(of({}));
    const refused = of({});
    for (const answer of [await usage.open(refused), await usage.open(refused)]) {
      expect(answer).toMatchObject([{ state: State.REFUSED, whenReached: Wish.CHEAPER_TIER, affordableMicroUsd: 50n, error: { code: 'budget_exceeded', status: 429 } }]);
    }
  });

  it('stays one after its budget is gone', async () => {
    await setBudget({ limitMicroUsd: 1n });
    const refused = of({});
    expect(await open(refused)).toEqual(['REFUSED']);
    await usage.client(tenant).deleteBudget({ name: 'limit' });
    expect(await usage.open(refused)).toMatchObject([{ state: State.REFUSED, error: { code: 'budget_exceeded', isRetryable: false } }]);
    expect(await open(of({}))).toEqual(['OPENED']);
  });
});

it('refusals and alerts are counted for GET /metrics', async () => {
  await setBudget({ scope: Scope.AGENT, subject: 'writer', limitMicroUsd: 1n });
  const count = async (line: RegExp) => Number(line.exec(await (await fetch(`${usage.url}/metrics`)).text())?.[1] ?? 0);
  const refusals = /^nexus_budget_refusals_total\{scope="agent"\} (\d+)$/m;
  const reached = /^nexus_budget_alerts_total\{kind="reached",level="hard"\} (\d+)$/m;
  const before = [await count(refusals), await count(reached)];
  await open(of({ agent: 'writer' }));
  expect(await count(refusals)).toBe((before[0] as number) + 1);
  await expect.poll(() => count(reached), { timeout: 5_000 }).toBeGreaterThan(before[1] as number);
});

describe('a soft budget', () => {
  it('lets everything through, and tells once in its window that it was reached', async () => {
    await setBudget({ level: Level.SOFT, limitMicroUsd: 150n });
    const calls = [of({}), of({}), of({})];
    expect(await open(...calls)).toEqual(['OPENED', 'OPENED', 'OPENED']);
    expect(await alerts()).toEqual([]);
    await settled(...calls.slice(0, 2));
    await settled(...calls.slice(2));
    expect(await alerts()).toMatchObject([{ kind: Kind.REACHED, budget: 'limit', scope: Scope.TENANT, level: Level.SOFT, limitMicroUsd: 150n, amountMicroUsd: 400n, windowStart: '2026-11-20' }]);
    await expect.poll(told).toMatchObject([{ payload: { kind: Kind.REACHED, budget: 'limit' } }]);
    usage.now = NOON + DAY_MS;
    const [tomorrow, another] = [of({}), of({})];
    await open(tomorrow, another);
    await settled(tomorrow, another);
    expect((await alerts()).map(({ windowStart }) => windowStart)).toEqual(['2026-11-21', '2026-11-20']);
  });
});

describe('a hard budget', () => {
  it('tells once that it refuses, of each subject', async () => {
    await setBudget({ scope: Scope.CLIENT, subject: '*', limitMicroUsd: 100n });
    await open(of({ client: 'acme' }), of({ client: 'acme' }), of({ client: 'beta' }));
    await open(of({ client: 'acme' }));
    expect((await alerts()).map(({ kind, subject }) => [kind, subject]).sort()).toEqual([[Kind.REACHED, 'acme'], [Kind.REACHED, 'beta']]);
    await expect.poll(() => told().length).toBe(2);
    expect(new Set(told().map(({ id }) => id)).size).toBe(2);
  });

  it('tells again after it was raised and reached again', async () => {
    await setBudget({ limitMicroUsd: 100n });
    await open(of({}));
    expect((await setBudget({ limitMicroUsd: 300n })).budgets).toMatchObject([{ reachedAt: 0n }]);
    expect(await open(of({}), of({}))).toEqual(['OPENED', 'REFUSED']);
    expect(await alerts()).toHaveLength(2);
    expect((await usage.client(tenant).getQuota({})).budgets).toMatchObject([{ reachedAt: BigInt(NOON) }]);
  });
});

describe('a critical budget', () => {
  const critical = { level: Level.CRITICAL, exemptAgents: ['on-call'] };

  it('lets only the agents that it exempts go on above its limit', async () => {
    await setBudget(critical);
    expect(await open(of({}), of({ agent: 'writer' }), of({ agent: 'on-call' }), of({ agent: 'on-call' }), of({}))).toEqual(['OPENED', 'REFUSED', 'OPENED', 'OPENED', 'REFUSED']);
    expect(await quota()).toEqual([['limit', '', 0, 600]]);
  });

  it('lets all go on once it is lifted, until that ends; who lifted it is audited, and everybody is told', async () => {
    await setBudget({ ...critical, limitMicroUsd: 100n });
    expect(await open(of({}))).toEqual(['REFUSED']);
    usage.audits.length = 0;
    const { budgets } = await usage.client(tenant).liftBudget({ name: 'limit', seconds: 3_600n, reason: 'a release' });
    expect(budgets).toMatchObject([{ liftedUntil: BigInt(NOON + 3_600_000) }]);
    expect(await open(of({}))).toEqual(['OPENED']);
    await expect.poll(() => usage.audits.map(({ payload }) => [payload.action, payload.subject, payload.before, payload.after])).toEqual([
      ['budget.lift', 'limit', '{"lifted_until":null}', '{"lifted_until":"2026-11-20T13:00:00.000Z","reason":"a release"}'],
    ]);
    await expect.poll(() => told().map(({ payload }) => payload.kind).sort()).toEqual([Kind.REACHED, Kind.LIFTED]);
    usage.now = NOON + 3_600_000;
    expect(await open(of({}))).toEqual(['REFUSED']);
  });

  it('is not lifted any more when somebody says so', async () => {
    await setBudget({ ...critical, limitMicroUsd: 100n });
    await usage.client(tenant).liftBudget({ name: 'limit', seconds: 3_600n });
    await usage.client(tenant).liftBudget({ name: 'limit', seconds: 0n });
    expect(await open(of({}))).toEqual(['REFUSED']);
  });

  it('is the only kind that can be lifted', async () => {
    await setBudget({});
    expect(await errorOf(usage.client(tenant).liftBudget({ name: 'limit', seconds: 60n }))).toMatchObject({ code: 'budget_not_critical', status: 400 });
    expect(await errorOf(usage.client(tenant).liftBudget({ name: 'other', seconds: 60n }))).toMatchObject({ code: 'budget_not_found', status: 404 });
    expect(await errorOf(usage.client(tenant).deleteBudget({ name: 'other' }))).toMatchObject({ code: 'budget_not_found', status: 404 });
  });
});

describe('a call that costs more than was set aside', () => {
  it('is booked in all of its budgets, although they end above their limits, and told', async () => {
    await setBudget({ name: 'all' });
    await setBudget({ name: 'acme', scope: Scope.CLIENT, subject: 'acme', limitMicroUsd: 300n });
    const dear = of({ client: 'acme' });
    await open(dear);
    await usage.bus.publish(recorded(dear, { usage: { input: 700n } }));
    await expect.poll(quota).toEqual([['acme', 'acme', 700, 0], ['all', '', 700, 0]]);
    expect(await alerts()).toHaveLength(3);
    expect((await alerts()).find(({ kind }) => kind === Kind.OVER_RESERVATION)).toMatchObject({ attemptId: dear.attemptId, amountMicroUsd: 500n, budget: '' });
    await expect.poll(() => told().length).toBe(3);
    expect(await open(of({}))).toEqual(['REFUSED']);
  });
});

describe('200 callers of two processes on one key with one dollar', () => {
  it('never have more than it booked and reserved at any commit, and leave nothing over', { timeout: 60_000 }, async () => {
    const other = await startUsage(postgres.url);
    const limit = 1_000_000;
    await setBudget({ scope: Scope.KEY, subject: '*', limitMicroUsd: BigInt(limit) });
    const ceilings = await watchCeilings(postgres.url);
    // Each reserves up to $0.02 and uses half of it; so that the budget lasts for more calls than it seemed at first.
    const call = async (index: number): Promise<string> => {
      const process = index % 2 === 0 ? usage : other;
      const asked = of({ keyId: 'k1' }, { maxInputTokens: 10_000n, maxOutputTokens: 5_000n, minOutputTokens: 1_000n });
      const [opened] = await process.open(asked);
      if (opened?.state !== State.OPENED) return opened?.error?.message ?? '';
      await process.bus.publish(recorded(asked, { usage: { input: 5_000n, output: opened.grantedOutputTokens / 2n } }));
      return 'opened';
    };
    const answers = (await Promise.all(Array.from({ length: 200 }, async (_, index) => [await call(index), await call(index + 1), await call(index)]))).flat();
    await expect.poll(async () => (await quota())[1]?.[3], { timeout: 20_000 }).toBe(0);
    // Both looked for alerts all the time: the one there is was told by one of them, once.
    const toldByBoth = () => [...told(), ...other.alerts.filter(({ tenantId }) => tenantId === tenant)].map(({ payload }) => [payload.kind, payload.subject]);
    await expect.poll(toldByBoth, { timeout: 10_000 }).toEqual([[Kind.REACHED, 'k1']]);
    await other.stop();
    expect(toldByBoth()).toHaveLength(1);
    expect(await ceilings.above()).toEqual([]);
    expect(await ceilings.commits()).toBeGreaterThan(10);
    await ceilings.stop();
    const refusals = answers.filter((answer) => answer !== 'opened');
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.every((message) => message.includes('"limit" of key "k1"'))).toBe(true);
    const [sum] = await usage.database.withTenant(tenant, (tx) => tx.query<{ cost: number }>('sum', 'SELECT sum(cost_micro_usd)::bigint AS cost FROM usage.ledger'));
    expect((await quota())[1]).toEqual(['limit', 'k1', sum?.cost, 0]);
    expect(sum?.cost).toBeLessThanOrEqual(limit);
  });
});
