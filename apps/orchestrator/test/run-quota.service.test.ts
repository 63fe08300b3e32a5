import { Outcome } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeEvent } from '../src/storage/event-codec.js';
import { LeaseStore } from '../src/storage/lease.store.js';
import { RunStore, type NewRun } from '../src/storage/run.store.js';
import { storedEvent } from '../src/domain/stored-event.js';
import { Neighbours } from './neighbours.js';
import { Directory, startReplica, tenantChanged, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
let replica: Replica;
let world: Neighbours;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => ({ text: 'hello' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});

const quotaOf = async (tenantId: string) => {
  const { plan, runsPerMonth, used, resetsAt } = await replica.clients.threads.getRunQuota({}, asTenant(tenantId));
  return { plan, runsPerMonth, used, resetsAt: resetsAt > 0n };
};

it('accepts as many runs a month as the plan has, and refuses the next with the time at which it begins anew', async () => {
  const { tenantId, secret } = directory.tenant();
  directory.settings.set(tenantId, { config: { plan: '{"runs_per_month":2}' } });
  const ids = [newId(), newId(), newId()] as const;
  for (const id of ids.slice(0, 2)) {
    await world.ask(id, { text: 'hi' }, secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED });
  }
  await world.ask(ids[2], { text: 'hi' }, secret);
  const refusal = await world.answer(ids[2]);
  expect(refusal).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'quota_exceeded', status: 429, isRetryable: true } });
  expect(Number(refusal.error?.retryAfterMs)).toBeGreaterThan(0);
  expect(await quotaOf(tenantId)).toEqual({ plan: 'own', runsPerMonth: 2n, used: 2n, resetsAt: true });
});

it('counts a message once, however often it comes, and lets it begin once the plan is larger', async () => {
  const { tenantId, secret } = directory.tenant();
  directory.settings.set(tenantId, { config: { plan: '{"runs_per_month":1}' } });
  const [first, next] = [newId(), newId()];
  await world.ask(first, { text: 'hi' }, secret);
  await world.answer(first);
  await world.ask(first, { text: 'hi' }, secret);
  await world.ask(next, { text: 'hi' }, secret);
  expect(await world.answer(next)).toMatchObject({ outcome: Outcome.REFUSED });
  expect(await quotaOf(tenantId)).toMatchObject({ used: 1n });

  directory.settings.set(tenantId, { config: { plan: '"team"' } });
  await replica.bus.publish({ channel: 'settings.changed', id: newId(), tenantId, payload: tenantChanged(tenantId) });
  await expect.poll(() => quotaOf(tenantId)).toMatchObject({ plan: 'team', runsPerMonth: 5_000n, used: 1n });
  await world.ask(next, { text: 'hi' }, secret);
  await expect.poll(() => world.answers.filter(({ payload }) => payload.messageId === next).map(({ payload }) => payload.outcome)).toContain(Outcome.ANSWERED);
  expect(await quotaOf(tenantId)).toMatchObject({ used: 2n });
});

it('counts nothing for a tenant without a plan, nor for one whose plan cannot be understood', async () => {
  for (const config of [{}, { plan: '"gold"' }] as Record<string, string>[]) {
    const { tenantId, secret } = directory.tenant();
    directory.settings.set(tenantId, { config });
    const id = newId();
    await world.ask(id, { text: 'hi' }, secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await quotaOf(tenantId)).toEqual({ plan: '', runsPerMonth: 0n, used: 0n, resetsAt: false });
  }
});

it('never accepts more than the quota, whatever comes at once, and begins anew with the month', async () => {
  const store = new RunStore(replica.database);
  const lease = { partition: 7, epoch: (await new LeaseStore(replica.database).take(7, 'a', 60_000)) ?? 0 };
  const [tenantId, other] = [newId(), newId()];
  const message = (tenant: string, quota: number | undefined): NewRun => ({
    tenantId: tenant, quota, threadId: newId(), runId: newId(), surface: '', client: '', project: '', messageId: newId(), correlationId: undefined, limitMs: 60_000, deadlineAt: 0,
    payload: encodeEvent(storedEvent('accepted', {})),
  });
  const november = Date.UTC(2026, 10, 30, 23, 59, 59);
  const accept = async (now: number) => (await store.accept(lease, now, [], [message(tenantId, 10), message(other, undefined), message(tenantId, 10), message(tenantId, 10)])) ?? [];
  const places = (await Promise.all(Array.from({ length: 8 }, () => accept(november)))).flat();
  expect([places.filter(({ isRefused }) => isRefused).length, places.filter(({ isNew }) => isNew).length]).toEqual([14, 10 + 8]);
  expect(await store.acceptedInMonth(tenantId, november)).toBe(10);
  expect((await accept(november + 1_000)).map(({ isNew }) => isNew)).toEqual([true, true, true, true]);
  expect(await store.acceptedInMonth(tenantId, november + 1_000)).toBe(3);
});
