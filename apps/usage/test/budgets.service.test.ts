import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { UsageService } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID, newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
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

const setBudget = (name: string, period: string, limit: number) => usage.client(tenant).setBudget({ name, period, limitMicroUsd: BigInt(limit) });
const codeOf = (call: Promise<unknown>) => call.then(() => 'no error', (error: unknown) => fromConnectError(error).code);

it('a budget that is made in the middle of its window begins with what was spent and what is set aside', async () => {
  const [settled, open, unknown, refused] = [attempt(tenant), attempt(tenant), attempt(tenant), attempt(tenant)];
  await usage.open(settled, open, unknown);
  await usage.open({ ...unknown, owner: 'router-2' });
  await usage.bus.publish(recorded(settled));
  await expect.poll(async () => states(await usage.open(settled))).toEqual(['SETTLED']);
  usage.now += DAY_MS;
  await usage.open(attempt(tenant));
  const { budgets } = await setBudget('month', 'month', 800);
  expect(budgets).toEqual([expect.objectContaining({ name: 'month', period: 'month', limitMicroUsd: 800n, spentMicroUsd: 100n, reservedMicroUsd: 600n, resetsAt: BigInt(Date.UTC(2026, 11, 1)) })]);
  expect(await setBudget('day', 'day', 800)).toMatchObject({ budgets: [{ name: 'day', spentMicroUsd: 0n, reservedMicroUsd: 200n }, { name: 'month' }] });
  expect(states(await usage.open(refused))).toEqual(['REFUSED']);
});

it('counts every attempt either before or after it is made, while attempts are being opened', async () => {
  const openings = Array.from({ length: 40 }, () => usage.open(attempt(tenant), attempt(tenant)));
  const made = setBudget('total', 'total', 1_000_000);
  await Promise.all([...openings, made]);
  const [budget] = (await usage.client(tenant).getQuota({})).budgets;
  expect(budget?.reservedMicroUsd).toBe(80n * 200n);
});

it('can be raised and lowered without losing what it counted, and tells the audit what changed', async () => {
  usage.audits.length = 0;
  await setBudget('team', 'day', 100);
  await usage.open(attempt(tenant, { maxOutputTokens: 0n }));
  await setBudget('team', 'day', 100);
  expect(await setBudget('team', 'day', 50)).toMatchObject({ budgets: [{ limitMicroUsd: 50n, reservedMicroUsd: 100n }] });
  expect(states(await usage.open(attempt(tenant)))).toEqual(['REFUSED']);
  await expect.poll(() => usage.audits.map(({ payload, tenantId }) => [tenantId, payload.actor, payload.action, payload.subject, payload.before, payload.after])).toEqual([
    [tenant, 'service', 'budget.set', 'team', 'null', '{"period":"day","limit_micro_usd":100}'],
    [tenant, 'service', 'budget.set', 'team', '{"period":"day","limit_micro_usd":100}', '{"period":"day","limit_micro_usd":50}'],
  ]);
});

it('the development tenant has a daily ceiling of one dollar from the start, which stays as it is set', async () => {
  const development = usage.client(DEVELOPMENT_TENANT_ID);
  expect((await development.getQuota({})).budgets).toEqual([expect.objectContaining({ name: 'development', period: 'day', limitMicroUsd: 1_000_000n, spentMicroUsd: 0n, reservedMicroUsd: 0n })]);
  expect(states(await usage.open(attempt(DEVELOPMENT_TENANT_ID, { maxInputTokens: 999_000n }), attempt(DEVELOPMENT_TENANT_ID, { maxInputTokens: 2_000n })))).toEqual(['OPENED', 'REFUSED']);
  await development.setBudget({ name: 'development', period: 'day', limitMicroUsd: 5_000_000n });
  const again = await startUsage(postgres.url);
  expect((await again.client(DEVELOPMENT_TENANT_ID).getQuota({})).budgets).toEqual([expect.objectContaining({ limitMicroUsd: 5_000_000n })]);
  await again.stop();
});

it('a wrong budget is refused with its place, and a caller without a tenant or a token as well', async () => {
  await expect(setBudget('x', 'week', 1).catch((error: unknown) => Promise.reject(fromConnectError(error)))).rejects.toMatchObject({ code: 'invalid_request', param: 'period' });
  expect(await codeOf(usage.client().getQuota({}))).toBe('tenant_required');
  const stranger = createClient(UsageService, createGrpcTransport({ baseUrl: usage.url }));
  expect(await codeOf(stranger.getQuota({}))).not.toBe('no error');
  expect(await codeOf(stranger.openAttempts({}))).not.toBe('no error');
});
