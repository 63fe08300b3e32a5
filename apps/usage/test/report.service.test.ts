import { create } from '@bufbuild/protobuf';
import { AttributionSchema, UsageRecorded_Result as Result } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY_MS, NOON, attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
const [tenant, runId] = [newId(), newId()];
let usage: UsageUnderTest;
const labels = (client: string, project: string, keyId: string) => create(AttributionSchema, { client, project, keyId });

beforeAll(async () => {
  usage = await startUsage(postgres.url);
  const first = attempt(tenant, { runId, step: 1, attribution: labels('acme', 'site', 'k1') });
  const other = attempt(tenant, { runId, step: 2, model: 'large', attribution: labels('beta', '', 'k2') });
  await usage.open(first, other, attempt(tenant, { runId, step: 3 }));
  await usage.bus.publishAll([
    recorded(first, { runId }),
    recorded(other, { model: 'large', usage: { input: 10n, output: 5n, estimated: true }, result: Result.FAILED, errorCode: 'provider_error', runId }),
    recorded(attempt(tenant), { tool: 'math_solver', price: undefined, usage: undefined }),
    recorded(attempt(newId())),
  ]);
  usage.now = NOON + DAY_MS;
  const next = attempt(tenant, { attribution: labels('acme', 'app', 'k1') });
  await usage.open(next);
  await usage.bus.publish(recorded(next));
  await waitFor(async () => (await usage.client(tenant).getUsage({})).total?.attempts === 3n);
});
afterAll(() => usage.stop());

const client = () => usage.client(tenant);

it('GetUsage sums the month by day, provider and model unless asked otherwise', async () => {
  const { rows, total } = await client().getUsage({});
  expect(rows.map((row) => [row.day, row.provider, row.model, row.client, row.attempts, row.costMicroUsd, row.tokens?.input, row.tokens?.estimated])).toEqual([
    ['2026-11-20', 'demo', 'large', '', 1n, 20n, 10n, true],
    ['2026-11-20', 'demo', 'small', '', 1n, 100n, 80n, false],
    ['2026-11-21', 'demo', 'small', '', 1n, 100n, 80n, false],
  ]);
  expect(total).toMatchObject({ attempts: 3n, costMicroUsd: 220n, tokens: { input: 170n, output: 25n, estimated: true }, day: '', model: '' });
});

it('GetUsage groups by whatever is asked, within days and for one client', async () => {
  const rowsOf = async (request: Parameters<ReturnType<typeof client>['getUsage']>[0]) => (await client().getUsage(request)).rows;
  expect((await rowsOf({ groupBy: ['client'] })).map((row) => [row.client, row.costMicroUsd])).toEqual([['acme', 200n], ['beta', 20n]]);
  expect((await rowsOf({ groupBy: ['key', 'project'], client: 'acme' })).map((row) => [row.project, row.keyId])).toEqual([['app', 'k1'], ['site', 'k1']]);
  expect(await rowsOf({ fromDay: '2026-11-21', toDay: '2026-11-21' })).toHaveLength(1);
  expect(await client().getUsage({ fromDay: '2027-01-01', toDay: '2027-01-31' })).toMatchObject({ rows: [], total: { attempts: 0n, costMicroUsd: 0n } });
});

it('ListAttempts tells of each attempt of a run what is known, and no tokens where nothing is', async () => {
  const { attempts } = await client().listAttempts({ runId });
  expect(attempts.map((row) => [row.state, row.model, row.costMicroUsd, row.reservedMicroUsd, row.errorCode, row.usage?.input])).toEqual([
    ['settled', 'small', 100n, 200n, '', 80n],
    ['settled', 'large', 20n, 200n, 'provider_error', 10n],
    ['open', 'small', 0n, 200n, '', undefined],
  ]);
  expect(attempts[0]).toMatchObject({ openedAt: BigInt(NOON), settledAt: expect.any(BigInt) });
  expect((await usage.client(newId()).listAttempts({ runId })).attempts).toEqual([]);
});

it('a wrong question says what is wrong', async () => {
  const errorOf = (call: Promise<unknown>) => call.catch((error: unknown) => fromConnectError(error));
  expect(await errorOf(client().getUsage({ fromDay: 'yesterday' }))).toMatchObject({ code: 'invalid_request', param: 'from_day' });
  expect(await errorOf(client().listAttempts({ runId: 'mine' }))).toMatchObject({ code: 'invalid_request', param: 'run_id' });
});
