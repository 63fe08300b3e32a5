import { Outcome, RunStatus } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours, lastLine } from './neighbours.js';
import { Directory, TOOL_TIME_MS, startReplica, type Replica, type ReplicaOptions } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, secret } = directory.tenant();
let world: Neighbours;
let replicas: Replica[] = [];
let id: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => undefined, tool: () => undefined });
});
afterAll(() => world?.stop());
beforeEach(() => {
  id = newId();
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  replicas = [];
});

const start = async (environment: Record<string, string> = {}, more: Partial<ReplicaOptions> = {}): Promise<Replica> => {
  const replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: `test-${replicas.length + 1}`, environment, ...more });
  replicas.push(replica);
  return replica;
};
const runOf = (replica: Replica, messageId: string) => replica.clients.threads.getRun({ by: { case: 'messageId', value: messageId } }, asTenant(tenantId));
const wakeAtOf = async (replica: Replica, messageId: string) =>
  (await replica.database.withTenant(tenantId, (tx) => tx.query<{ wake: Date | null }>('wake', 'SELECT wake_at AS wake FROM orchestrator.run WHERE message_id = $1', [messageId])))[0]?.wake;

describe('a retry', () => {
  it('is made soon after it is due when the replica that waited is gone, and not before', async () => {
    const dueInMs = 1_500;
    world.behaviour.model = () => (world.callsFor(id).length === 1 ? { error: { code: 'rate_limited', isRetryable: true, retryAfterMs: BigInt(dueInMs) } } : { text: 'done' });
    const first = await start({ NEXUS_STALLED_MS: '600000' });
    await world.ask(id, { text: 'q' }, secret);
    await waitFor(async () => (await runOf(first, id)).events.length === 2);
    const failedAt = performance.now();
    await first.stop();
    await start({ NEXUS_STALLED_MS: '600000' });
    expect(await waitFor(() => world.answersTo(id)[0], { timeoutMs: 10_000 })).toMatchObject({ outcome: Outcome.ANSWERED });
    const waitedMs = performance.now() - failedAt;
    expect(waitedMs).toBeGreaterThan(dueInMs - 100);
    expect(waitedMs).toBeLessThan(8_000);
    expect(world.callsFor(id)).toHaveLength(2);
  });

  it('is not made again by the sweep when its timer made it', async () => {
    world.behaviour.model = () => (world.callsFor(id).length === 1 ? { error: { code: 'rate_limited', isRetryable: true, retryAfterMs: 100n } } : undefined);
    const replica = await start({ NEXUS_STALLED_MS: '600000' });
    await world.ask(id, { text: 'q' }, secret);
    await waitFor(() => world.callsFor(id).length === 2);
    await waitFor(async () => (await wakeAtOf(replica, id)) === null, { what: 'the wait to be settled' });
    expect(world.callsFor(id)).toHaveLength(2);
  });
});

describe('a queued run', () => {
  it('ends at its own deadline, and the one before it goes on', async () => {
    world.behaviour.model = (request) => (lastLine(request) === 'U: slow' ? undefined : { text: 'done' });
    const replica = await start();
    const [slow, late, next] = [`${id} slow`, `${id} late`, `${id} next`];
    const place = { surface: 'web', chatId: id };
    await world.ask(slow, { text: 'slow', ...place }, secret);
    await world.ask(late, { text: 'late', deadlineMs: BigInt(Date.now() + 600), ...place }, secret);
    await world.ask(next, { text: 'next', ...place }, secret);
    expect(await world.answer(late)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'deadline_exceeded' }, usage: { modelCalls: 0 } });
    expect((await runOf(replica, slow)).run?.status).toBe(RunStatus.ACTIVE);
    await world.ask(newId(), { cancelsMessageId: slow }, secret);
    expect(await world.answer(next)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(world.callsFor(late)).toEqual([]);
  });
});

describe('runs without progress', () => {
  it('are all woken, whatever their number, and by one of the replicas', async () => {
    world.behaviour.model = () => undefined;
    await start({ NEXUS_STALLED_MS: '1000' });
    await start({ NEXUS_STALLED_MS: '1000' });
    const ids = Array.from({ length: 420 }, (_, i) => `${id} ${i}`);
    await Promise.all(ids.map((one) => world.ask(one, { text: 'q' }, secret)));
    const timesOf = (one: string) => world.callsFor(one).length;
    await waitFor(() => ids.every((one) => timesOf(one) >= 2), { timeoutMs: 15_000, what: 'a second call for each' });
    expect(ids.filter((one) => timesOf(one) > 3)).toEqual([]); // the wait doubles
    world.behaviour.model = () => ({ text: 'done' });
    await waitFor(() => ids.every((one) => world.answersTo(one).length === 1), { timeoutMs: 15_000, what: 'all answers' });
  });

  it('are woken, and ended at their deadlines, beside one that cannot be read', async () => {
    world.behaviour.model = () => undefined;
    await start({ NEXUS_STALLED_MS: '1000', NEXUS_RUN_CACHE_MB: '1' });
    const ids = Array.from({ length: 5 }, (_, i) => `${id} ${i}`);
    for (const one of ids) await world.ask(one, { text: 'q', deadlineMs: BigInt(Date.now() + 6_000) }, secret);
    await waitFor(() => ids.every((one) => world.callsFor(one).length === 1));
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query(`UPDATE orchestrator.run_event SET payload = '\\xffffff' WHERE run_id = $1`, [world.callsFor(ids[2] ?? '')[0]?.run?.runId]);
    await admin.end();
    const others = ids.filter((one) => one !== ids[2]);
    await waitFor(() => others.every((one) => world.callsFor(one).length >= 2), { timeoutMs: 10_000 });
    expect(world.callsFor(ids[2] ?? '')).toHaveLength(1);
    for (const one of others) expect(await waitFor(() => world.answersTo(one)[0], { timeoutMs: 15_000 })).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'deadline_exceeded' } });
  });

  it('are left alone while a tool may still be at work, and while what they wait for stands in a queue', async () => {
    world.behaviour.model = (request) => (lastLine(request) === 'U: use a tool' ? { calls: [{ name: 'now', arguments: '{}' }] } : { text: 'done' });
    await start({ NEXUS_STALLED_MS: '1000' });
    await world.ask(id, { text: 'use a tool' }, secret);
    const toolCalls = () => world.toolCalls.filter(({ correlationId }) => correlationId === id);
    await waitFor(() => toolCalls().length === 1);
    const busy = Promise.withResolvers<void>();
    world.routerIsBusy = busy.promise;
    const [read, queued] = [`${id} read`, `${id} queued`];
    await world.ask(read, { text: 'q' }, secret);
    const firstOne = await waitFor(() => world.modelCalls.find(({ correlationId }) => correlationId === read));
    await world.ask(queued, { text: 'q' }, secret);
    await waitFor(() => toolCalls().length === 2, { timeoutMs: 20_000, what: 'the tool to be called again' });
    const [first = 0, second = 0] = toolCalls().map(({ timestamp }) => timestamp);
    expect(second - first).toBeGreaterThan(TOOL_TIME_MS);
    const since = (await world.bus.history('inference.request', firstOne.entryId)).map(({ correlationId }) => correlationId);
    expect(since.filter((one) => one === read || one === queued)).toEqual([queued]);
    busy.resolve();
    expect(await world.answer(queued)).toMatchObject({ outcome: Outcome.ANSWERED });
  });
});
