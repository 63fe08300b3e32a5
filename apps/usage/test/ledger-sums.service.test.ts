import { UsageRecorded_Result as Result, type LedgerRow, type UsageRow } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY_MS, NOON, attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
const tenant = newId();
const runId = newId();
const MONTH = { fromDay: '2026-11-01', toDay: '2026-11-30' };
let usage: UsageUnderTest;

const client = () => usage.client(tenant);
const whose = (n: number) => ({ client: ['acme', 'beta', ''][n % 3] ?? '', project: n % 2 === 0 ? 'site' : '', keyId: `k${n % 4}`, user: `u${n % 5}`, agent: n % 2 === 0 ? 'default' : '' });
const entries = () => usage.database.withTenant(tenant, (tx) => tx.query<{ count: number }>('entries', 'SELECT count(*)::int AS count FROM usage.ledger')).then(([row]) => row?.count);

/** Every row of the ledger, by pages of seven. */
async function allRows(more: object = {}): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (let after = ''; ; ) {
    const page = await client().listLedger({ ...MONTH, ...more, limit: 7, after });
    rows.push(...page.rows);
    if (page.next === '') return rows;
    after = page.next;
  }
}

/** Calls of three days, of which some are resolved by policy before their owners tell what they cost, which is booked as a correction. */
beforeAll(async () => {
  usage = await startUsage(postgres.url, { NEXUS_UNKNOWN_AFTER_MS: '100', NEXUS_RESOLVE_EVERY_MS: '50' });
  const owner = `router-${newId()} life`;
  await usage.report(owner);
  const late: ReturnType<typeof attempt>[] = [];
  for (let day = 0; day < 3; day++) {
    usage.now = NOON + day * DAY_MS;
    const asked = Array.from({ length: 20 }, (_, n) => attempt(tenant, { owner, attribution: whose(n) as never, model: `m${n % 3}`, runId: n === 0 ? runId : '', step: 1 }));
    await usage.open(...asked);
    const lost = asked.slice(15);
    late.push(...lost);
    await usage.bus.publishAll([
      ...asked.slice(0, 15).map((it, n) => recorded(it, {
        model: it.model, provider: 'demo', runId: it.runId, usage: { input: BigInt(10 + n), output: 20n, reasoning: 5n, cacheRead: 3n, cacheWrite: 1n, cacheWrite1h: 2n, audioInput: 4n, requests: 1n, estimated: n === 1 },
        result: n % 7 === 0 ? Result.FAILED : Result.SUCCEEDED, requested: 'auto', route: 'short',
      })),
      recorded(attempt(tenant), { tool: 'clock', price: undefined, usage: undefined }),
      recorded(attempt(newId())),
    ]);
    const refs = lost.map(({ tenantId, attemptId }) => ({ tenantId, attemptId }));
    await usage.report(owner, { lost: refs });
    // Booked by policy once they have been unknown for long enough.
    await waitFor(async () => {
      await usage.report(owner, { unresolvable: refs });
      return (await entries()) === 21 * (day + 1);
    });
  }
  await usage.bus.publishAll(late.map((it) => recorded(it, { model: it.model })));
  await waitFor(async () => (await entries()) === 63 + 15);
});
afterAll(() => usage.stop());

const figures = (row: Pick<UsageRow, 'tokens' | 'costMicroUsd' | 'attempts' | 'failed'>) => {
  const { $typeName: _, ...tokens } = row.tokens ?? ({} as NonNullable<UsageRow['tokens']>);
  return { ...tokens, cost: row.costMicroUsd, attempts: row.attempts, failed: row.failed };
};
type Figures = ReturnType<typeof figures>;

/** What a report must say of these rows: sums that are made here, row by row. */
function summed(rows: readonly LedgerRow[]): Figures {
  const sum = { input: 0n, cacheRead: 0n, cacheWrite: 0n, output: 0n, reasoning: 0n, estimated: false, cacheWrite1h: 0n, audioInput: 0n, audioOutput: 0n, images: 0n, requests: 0n, cost: 0n, attempts: 0n, failed: 0n };
  for (const { tokens, costMicroUsd, correction, result } of rows) {
    for (const bucket of ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'cacheWrite1h', 'audioInput', 'audioOutput', 'images', 'requests'] as const) sum[bucket] += tokens?.[bucket] ?? 0n;
    sum.estimated ||= tokens?.estimated ?? false;
    sum.cost += costMicroUsd;
    if (correction === 0) sum.attempts++;
    if (correction === 0 && result !== 'succeeded') sum.failed++;
  }
  return sum;
}

it('every report is the sum of the rows of the ledger, corrections among them', async () => {
  const rows = (await allRows()).filter(({ tool }) => tool === '');
  expect(rows.filter(({ correction }) => correction === 1)).toHaveLength(15);
  const nameOf: Record<string, (row: LedgerRow) => string> = {
    day: ({ day }) => day, provider: ({ provider }) => provider, model: ({ model }) => model, client: (row) => row.attribution?.client ?? '', project: (row) => row.attribution?.project ?? '',
    key: (row) => row.attribution?.keyId ?? '', user: (row) => row.attribution?.user ?? '', agent: (row) => row.attribution?.agent ?? '',
  };
  const groupings = [...Object.keys(nameOf).map((name) => [name]), ['day', 'model', 'client'], Object.keys(nameOf)];
  for (const groupBy of groupings) {
    const report = await client().getUsage({ ...MONTH, groupBy });
    const keyOf = (row: LedgerRow) => groupBy.map((name) => nameOf[name]?.(row)).join('|');
    const expected = Object.fromEntries([...Map.groupBy(rows, keyOf)].map(([key, group]) => [key, summed(group)]));
    const column = (name: string) => (name === 'key' ? 'keyId' : name) as 'day' | 'provider' | 'model' | 'client' | 'project' | 'keyId' | 'user' | 'agent';
    expect(Object.fromEntries(report.rows.map((row) => [groupBy.map((name) => row[column(name)]).join('|'), figures(row)])), groupBy.join()).toEqual(expected);
    expect(report.total && figures(report.total), groupBy.join()).toEqual(summed(rows));
  }
});

it('reports can be of one client and one project', async () => {
  const rows = (await allRows({ client: 'acme', project: 'site' })).filter(({ tool }) => tool === '');
  const { total } = await client().getUsage({ ...MONTH, client: 'acme', project: 'site' });
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.every(({ attribution }) => attribution?.client === 'acme' && attribution.project === 'site')).toBe(true);
  expect(total && figures(total)).toEqual(summed(rows));
});

it('pages of the ledger hold each row once, newest first, with all that is known of it', async () => {
  const rows = await allRows();
  expect(rows).toHaveLength(78);
  expect(new Set(rows.map(({ attemptId, correction }) => `${attemptId} ${correction}`)).size).toBe(78);
  expect(rows.map(({ day }) => day)).toEqual(rows.map(({ day }) => day).toSorted().toReversed());
  const first = rows.find((row) => row.runId === runId && row.day === '2026-11-20');
  expect(first).toMatchObject({
    correction: 0, day: '2026-11-20', result: 'failed', provider: 'demo', model: 'm0', tool: '', requested: 'auto', route: 'short', resolution: '', durationMs: 420n,
    tokens: { input: 10n, output: 20n, reasoning: 5n, cacheRead: 3n, cacheWrite1h: 2n, audioInput: 4n, requests: 1n }, price: { input: 1_000_000n, output: 2_000_000n },
    attribution: { client: 'acme', project: 'site', keyId: 'k0', user: 'u0', agent: 'default' }, reservedMicroUsd: 200n,
  });
});

it('the ledger of a run is all of its rows, of whatever day', async () => {
  const { rows, next } = await client().listLedger({ runId });
  expect([rows.length, next]).toEqual([3, '']);
  expect((await client().listLedger({ runId, fromDay: '2026-11-21', toDay: '2026-11-21' })).rows).toHaveLength(1);
});

it('a tool that costs something is in the reports, of the provider `tool`; one that costs nothing is not', async () => {
  const other = newId();
  await usage.bus.publishAll([
    recorded(attempt(other), { tool: 'web_search', usage: { requests: 1n }, price: { request: 5_000_000_000n } }),
    recorded(attempt(other), { tool: 'clock', usage: undefined, price: undefined }),
  ]);
  await expect.poll(async () => (await usage.client(other).listLedger(MONTH)).rows.length).toBe(2);
  const { rows } = await usage.client(other).getUsage({ ...MONTH, groupBy: ['provider', 'model'] });
  expect(rows.map((row) => [row.provider, row.model, row.attempts, row.costMicroUsd])).toEqual([['tool', 'web_search', 1n, 5_000n]]);
});

it('nobody reads the ledger of another tenant, and a wrong question says what is wrong', async () => {
  expect((await usage.client(newId()).listLedger(MONTH)).rows).toEqual([]);
  const error = await client().listLedger({ limit: 5_000 }).catch((failure: unknown) => fromConnectError(failure));
  expect(error).toMatchObject({ code: 'invalid_request', param: 'limit' });
});
