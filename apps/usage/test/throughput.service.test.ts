import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const ATTEMPTS = 10_000;
const CALLERS = 256;
const postgres = postgresTest();
let usage: UsageUnderTest;

beforeAll(async () => {
  usage = await startUsage(postgres.url);
});
afterAll(() => usage.stop());

it('10,000 attempts of 256 callers are opened and settled in a few statements each batch', { timeout: 60_000 }, async () => {
  const tenant = newId();
  await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000_000_000n });
  const statements = vi.spyOn(usage.database, 'query');
  const pending = Array.from({ length: ATTEMPTS }, () => attempt(tenant));
  const records = pending.map((asked) => recorded(asked));
  const cpuBefore = process.cpuUsage();
  const openedIn = await timed(async () => {
    let next = 0;
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      for (let asked = pending[next++]; asked !== undefined; asked = pending[next++]) await usage.open(asked);
    }));
  });
  const opens = statements.mock.calls.length;
  const settledIn = await timed(async () => {
    await usage.bus.publishAll(records);
    await expect.poll(async () => Number((await usage.client(tenant).getQuota({})).budgets[0]?.reservedMicroUsd), { timeout: 30_000, interval: 10 }).toBe(0);
  });
  const settlements = statements.mock.calls.length - opens;
  statements.mockRestore();
  const cpu = process.cpuUsage(cpuBefore);
  console.info(
    `opened ${rate(openedIn)} in ${opens} statements, settled ${rate(settledIn)} in ${settlements}; ${((cpu.user + cpu.system) / ATTEMPTS).toFixed(0)} us of this process's CPU an attempt, callers and gRPC included`,
  );
  expect((await usage.client(tenant).getUsage({})).total?.attempts).toBe(BigInt(ATTEMPTS));
  // Batches form by themselves while two commits are under way: at least 20 attempts to a statement on average.
  expect(opens).toBeLessThan(ATTEMPTS / 20);
  expect(settlements).toBeLessThan(ATTEMPTS / 64);
});

it('a batch reads the pages of its own rows only, however many rows its tenant has', async () => {
  const tenant = newId();
  await usage.client(tenant).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000_000_000n });
  const statements = vi.spyOn(usage.database, 'query');
  const pagesOf = async (few: number, name: string): Promise<number> => {
    const attempts = Array.from({ length: few }, () => attempt(tenant));
    await usage.open(...attempts);
    if (name === 'usage_settle') {
      const settlements = () => statements.mock.calls.filter((call) => call[0] === name).length;
      const before = settlements();
      await usage.bus.publishAll(attempts.map((asked) => recorded(asked)));
      await expect.poll(settlements).toBe(before + 1);
    }
    // The same batch once more finds the same rows and changes nothing.
    const [, text, values] = statements.mock.calls.findLast((call) => call[0] === name) ?? [];
    const [explained] = await usage.database.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(`explain_${name}`, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    const plan = explained?.['QUERY PLAN'][0].Plan;
    return Number(plan?.['Shared Hit Blocks']) + Number(plan?.['Shared Read Blocks']);
  };
  for (const name of ['usage_open', 'usage_settle']) {
    await pagesOf(16, name);
    const before = await pagesOf(16, name);
    await usage.open(...Array.from({ length: 1_000 }, () => attempt(tenant)));
    await usage.open(...Array.from({ length: 1_000 }, () => attempt(tenant)));
    expect(await pagesOf(16, name), name).toBeLessThan(2 * before);
  }
});

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function rate(ms: number): string {
  return `${Math.round((ATTEMPTS / ms) * 1_000)}/s`;
}
