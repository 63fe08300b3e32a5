import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PruningRepository } from '../src/storage/pruning.repository.js';
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
  await usage.client(tenant).setBudget({ name: 'total', period: 'total', limitMicroUsd: 1_000_000n });
});

const count = async (table: string) => (await usage.database.withTenant(tenant, (tx) => tx.query(`count_${table}`, `SELECT FROM usage.${table}`))).length;
const quota = async () => (await usage.client(tenant).getQuota({})).budgets.map(({ spentMicroUsd, reservedMicroUsd }) => [Number(spentMicroUsd), Number(reservedMicroUsd)])[0];
const pruneAll = () => new PruningRepository(usage.database).attempts(usage.now - 3 * DAY_MS);
/** Told, and all that was told before is handled. */
async function tell(...records: Parameters<UsageUnderTest['bus']['publishAll']>[0]): Promise<void> {
  const marker = attempt(newId());
  await usage.bus.publishAll([...records, recorded(marker)]);
  await expect.poll(async () => (await usage.client(marker.tenantId).getUsage({ toDay: '2027-01-01' })).total?.attempts).toBe(1n);
}

it('rows of attempts go once they ended long ago; what is open, unknown or recent stays, and so does the ledger', async () => {
  const [old, open, unknown] = [attempt(tenant), attempt(tenant), attempt(tenant)];
  await usage.open(old, open, unknown);
  await usage.open({ ...unknown, owner: 'router-2' });
  await tell(recorded(old), recorded(attempt(tenant), { tool: 'clock', usage: undefined }));
  usage.now = NOON + 3 * DAY_MS - 1;
  const recent = attempt(tenant);
  await usage.open(recent);
  await tell(recorded(recent));
  expect([await count('attempt'), await count('tool_execution')]).toEqual([4, 1]);
  usage.now = NOON + 3 * DAY_MS + 1;
  await pruneAll();
  expect([await count('attempt'), await count('tool_execution'), await count('ledger')]).toEqual([3, 0, 3]);
  expect(states(await usage.open(recent))).toEqual(['SETTLED']);
});

it('what is told again of an attempt whose row is gone is no news, with a run and without', async () => {
  const [ofRun, alone] = [attempt(tenant, { runId: newId() }), attempt(tenant)];
  const execution = attempt(tenant, { runId: ofRun.runId });
  const records = [recorded(ofRun, { runId: ofRun.runId }), recorded(alone), recorded(execution, { runId: ofRun.runId, tool: 'clock', usage: undefined })];
  await usage.open(ofRun, alone);
  await tell(...records);
  usage.now = NOON + 9 * DAY_MS;
  expect(await pruneAll()).toBeGreaterThanOrEqual(3);
  await tell(...records);
  expect(await count('ledger')).toBe(3);
  expect(await quota()).toEqual([200, 0]);
});

it('what an owner tells late still corrects what a policy booked, although the row is gone', async () => {
  const asked = attempt(tenant, { runId: newId(), owner: 'router-9 life' });
  await usage.open(asked);
  await usage.report('router-9 life', { lost: [{ tenantId: tenant, attemptId: asked.attemptId }] });
  await usage.client(tenant).resolveAttempt({ attemptId: asked.attemptId, costMicroUsd: 170n });
  usage.now = NOON + 9 * DAY_MS;
  await pruneAll();
  await tell(recorded(asked, { runId: asked.runId }));
  await tell(recorded(asked, { runId: asked.runId }));
  expect(await count('ledger')).toBe(2);
  expect(await quota()).toEqual([100, 0]);
});

it('a run shows what it cost although the rows of its attempts are gone', async () => {
  const runId = newId();
  const asked = attempt(tenant, { runId });
  await usage.open(asked);
  await tell(recorded(asked, { runId }));
  usage.now = NOON + 9 * DAY_MS;
  await pruneAll();
  await usage.open(attempt(tenant, { runId, step: 1 }), attempt(tenant, { runId, step: 2, maxInputTokens: 90_000_000n }));
  const { attempts } = await usage.client(tenant).listAttempts({ runId });
  expect(attempts.map(({ state, costMicroUsd }) => [state, costMicroUsd])).toEqual([['settled', 100n], ['open', 0n], ['refused', 0n]]);
});
