import { OpenedAttempt_State as State } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
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

const setBudget = (limit: number, period = 'day', name = period) => usage.client(tenant).setBudget({ name, period, limitMicroUsd: BigInt(limit) });
const quota = async () => (await usage.client(tenant).getQuota({})).budgets.map((budget) => [budget.name, Number(budget.spentMicroUsd), Number(budget.reservedMicroUsd)]);

describe('an attempt', () => {
  it('is opened once, with all the output it asked for when no budget stands against it', async () => {
    const asked = attempt(tenant, { maxInputTokens: 90_000_000n });
    const [opened] = await usage.open(asked);
    expect(opened).toMatchObject({ attemptId: asked.attemptId, state: State.OPENED, grantedOutputTokens: 50n });
    expect(states(await usage.open(asked))).toEqual(['IN_FLIGHT']);
  });

  it('is unknown to another owner, and from then on to everybody: the provider may have been called', async () => {
    await setBudget(1_000);
    const asked = attempt(tenant);
    await usage.open(asked);
    expect(states(await usage.open({ ...asked, owner: 'router-2' }))).toEqual(['UNKNOWN']);
    expect(states(await usage.open(asked))).toEqual(['UNKNOWN']);
    expect(await quota()).toEqual([['day', 0, 200]]);
  });

  it('is settled once it has its ledger row', async () => {
    const asked = attempt(tenant);
    await usage.open(asked);
    await usage.bus.publish(recorded(asked));
    await expect.poll(async () => states(await usage.open(asked))).toEqual(['SETTLED']);
  });

  it('that two callers ask for at the same moment is opened for one of them', async () => {
    const asked = attempt(tenant);
    const answers = await Promise.all([usage.open(asked), usage.open(asked), usage.open(asked, attempt(tenant))]);
    expect(answers.map((answer) => states(answer)[0]).sort()).toEqual(['IN_FLIGHT', 'IN_FLIGHT', 'OPENED']);
  });

  it('has the same id in two tenants without either knowing', async () => {
    const asked = attempt(tenant);
    expect(states(await usage.open(asked))).toEqual(['OPENED']);
    expect(states(await usage.open({ ...asked, tenantId: newId() }))).toEqual(['OPENED']);
  });

  it('that is wrong is refused with its place, without harming the next request', async () => {
    const wrong = usage.open(attempt('not a tenant')).catch((error: unknown) => fromConnectError(error));
    expect(await wrong).toMatchObject({ code: 'invalid_request', status: 400, param: 'attempts.0.tenantId' });
    expect(states(await usage.open(attempt(tenant)))).toEqual(['OPENED']);
  });
});

describe('a budget', () => {
  it('is a ceiling for 200 callers at once: nothing is granted beyond it, and nothing is left over', async () => {
    await setBudget(20_000);
    const answers = await Promise.all(Array.from({ length: 200 }, () => usage.open(attempt(tenant))));
    const opened = answers.flat().filter(({ state }) => state === State.OPENED);
    expect(opened.reduce((sum, { grantedOutputTokens }) => sum + 100 + 2 * Number(grantedOutputTokens), 0)).toBeLessThanOrEqual(20_000);
    expect(opened).toHaveLength(100);
    expect(await quota()).toEqual([['day', 0, 20_000]]);
  });

  it('grants what it affords when that is enough, and else refuses in the order asked', async () => {
    await setBudget(500);
    const answers = await usage.open(
      attempt(tenant),
      attempt(tenant, { minOutputTokens: 50n, maxInputTokens: 201n }),
      attempt(tenant, { minOutputTokens: 10n }),
      attempt(tenant, { minOutputTokens: 20n, maxOutputTokens: 400n }),
    );
    expect(states(answers)).toEqual(['OPENED', 'REFUSED', 'OPENED', 'REFUSED']);
    const clamped = await usage.open(attempt(tenant, { maxInputTokens: 20n, maxOutputTokens: 1_000n, minOutputTokens: 10n }));
    expect(clamped[0]).toMatchObject({ state: State.OPENED, grantedOutputTokens: 40n }); // (100 - 20) / 2
    expect(await quota()).toEqual([['day', 0, 500]]);
  });

  it('clamps exactly as the arithmetic of money says, at prices that do not divide evenly', async () => {
    const price = { input: 333_333, output: 777_777, cacheRead: 0, cacheWrite: 0 };
    for (const limit of [1, 2, 7, 100, 101, 9_999]) {
      tenant = newId();
      await setBudget(limit);
      const asked = attempt(tenant, { maxInputTokens: 3n, maxOutputTokens: 1_000_000n, price: { input: 333_333n, output: 777_777n } as never });
      const [opened] = await usage.open(asked);
      // floor((limit - 3 * 0.333333) / 0.777777), without rounding the input up first
      const affordable = Math.floor((limit * 1_000_000 - 3 * price.input) / price.output);
      expect([limit, opened?.state, Number(opened?.grantedOutputTokens)]).toEqual([limit, affordable >= 1 ? State.OPENED : State.REFUSED, Math.max(affordable, 0)]);
      expect((await quota())[0]?.[2]).toBeLessThanOrEqual(limit);
    }
  });

  it('refuses by name, with the time until it begins anew, and again when asked again', async () => {
    await setBudget(100, 'month', 'team');
    const asked = attempt(tenant, { minOutputTokens: 1n });
    const error = { code: 'budget_exceeded', status: 429, isRetryable: true, retryAfterMs: BigInt(Date.UTC(2026, 11, 1) - NOON) };
    const [first] = await usage.open(asked);
    expect(first).toMatchObject({ state: State.REFUSED, error });
    expect(first?.error?.message).toContain('"team"');
    expect((await usage.open(asked))[0]).toMatchObject({ state: State.REFUSED, error });
    expect(await quota()).toEqual([['team', 0, 0]]);
  });

  it('of period total never says that a retry makes sense', async () => {
    await setBudget(10, 'total');
    expect((await usage.open(attempt(tenant)))[0]).toMatchObject({ state: State.REFUSED, error: { code: 'budget_exceeded', isRetryable: false, retryAfterMs: 0n } });
  });

  it('is one of several: the tightest decides, and all reserve the same', async () => {
    await setBudget(10_000, 'day');
    await setBudget(250, 'month');
    await setBudget(100_000, 'total');
    const answers = await usage.open(attempt(tenant), attempt(tenant));
    expect(states(answers)).toEqual(['OPENED', 'REFUSED']);
    expect(answers[1]?.error?.message).toContain('"month"');
    expect(await quota()).toEqual([['day', 0, 200], ['month', 0, 200], ['total', 0, 200]]);
  });

  it('that is used up lets through what is free; one of nothing lets nothing through', async () => {
    const free = { price: { input: 0n, output: 0n } as never };
    await setBudget(200);
    expect(states(await usage.open(attempt(tenant), attempt(tenant), attempt(tenant, free)))).toEqual(['OPENED', 'REFUSED', 'OPENED']);
    await setBudget(0);
    expect(states(await usage.open(attempt(tenant, free)))).toEqual(['REFUSED']);
  });

  it('begins anew with its window; what yesterday reserved is no concern of today', async () => {
    await setBudget(200);
    const yesterday = attempt(tenant);
    expect(states(await usage.open(yesterday, attempt(tenant)))).toEqual(['OPENED', 'REFUSED']);
    usage.now = NOON + DAY_MS;
    expect(await quota()).toEqual([['day', 0, 0]]);
    expect(states(await usage.open(attempt(tenant), attempt(tenant)))).toEqual(['OPENED', 'REFUSED']);
    await usage.bus.publish(recorded(yesterday));
    await expect.poll(async () => states(await usage.open(yesterday))).toEqual(['SETTLED']);
    expect(await quota()).toEqual([['day', 0, 200]]);
  });

  it('keeps its window when a clock behind asks, and that attempt is paid for by the later day', async () => {
    await setBudget(1_000);
    usage.now = NOON + DAY_MS;
    await usage.open(attempt(tenant));
    usage.now = NOON;
    const late = attempt(tenant);
    expect(states(await usage.open(late))).toEqual(['OPENED']);
    await usage.bus.publish(recorded(late));
    await expect.poll(async () => states(await usage.open(late))).toEqual(['SETTLED']);
    expect(await quota()).toEqual([['day', 100, 200]]);
    const { rows } = await usage.client(tenant).getUsage({ toDay: '2026-12-01' });
    expect(rows.map((row) => row.day)).toEqual(['2026-11-21']);
  });
});

describe('a batch', () => {
  it('of 32 tenants is one statement, and each tenant meets its own budget', async () => {
    const tenants = await Promise.all(Array.from({ length: 32 }, async (_, index) => {
      const id = newId();
      await usage.client(id).setBudget({ name: 'day', period: 'day', limitMicroUsd: index % 2 === 0 ? 200n : 10_000n });
      return id;
    }));
    const queries = vi.spyOn(usage.database, 'query');
    const answers = await usage.open(...[...tenants, ...tenants].map((id) => attempt(id)));
    // what usage does by the clock goes on meanwhile
    expect(queries.mock.calls.filter(([name]) => name === 'usage_open')).toHaveLength(1);
    queries.mockRestore();
    expect(states(answers.slice(0, 32))).toEqual(Array(32).fill('OPENED'));
    expect(states(answers.slice(32))).toEqual(Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? 'REFUSED' : 'OPENED')));
  });

  it('leaves no tenant behind on its connection', async () => {
    await usage.open(attempt(tenant));
    expect(await usage.database.query('left', "SELECT coalesce(current_setting('app.tenant_id', true), '') AS tenant")).toEqual([{ tenant: '' }]);
  });
});
