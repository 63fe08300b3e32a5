import { Outcome } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours, lastLine } from './neighbours.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

/** More than one page of the sweep. `NEXUS_TEST_LIVE_RUNS=10000` measures what docs/architecture.md says of 10,000. */
const LIVE_RUNS = Number(process.env['NEXUS_TEST_LIVE_RUNS'] ?? 450);
/** Nothing but the loss itself makes a run move within this test. */
const PATIENT = { NEXUS_STALLED_MS: '600000' };
const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { secret } = directory.tenant();
let world: Neighbours;
let admin: Redis;
let replicas: Replica[] = [];
let isSilent: boolean;

beforeAll(async () => {
  admin = new Redis(redis.url);
  world = await Neighbours.start(redis.url, {
    model: (request) => (isSilent ? undefined : lastLine(request).startsWith('U: use') ? { calls: [{ name: 'now', arguments: '{}' }] } : { text: 'done' }),
    tool: () => (isSilent ? undefined : 'noon'),
  });
});
afterAll(async () => {
  await world?.stop();
  admin.disconnect();
});
beforeEach(async () => {
  isSilent = true;
  replicas = [await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, environment: PATIENT }), await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: 'test-2', environment: PATIENT })];
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
});

describe('when Redis lost what it held', () => {
  it(`OPS-1 ${LIVE_RUNS} live runs are asked for again at once, each once, and all are answered`, { timeout: 300_000 }, async () => {
    const ids = Array.from({ length: LIVE_RUNS }, () => newId());
    await Promise.all(ids.map((id, i) => world.ask(id, { text: `q${i}`, surface: 'web', chatId: id }, secret)));
    const asked = () => new Set(world.modelCalls.map(({ correlationId }) => correlationId)).size;
    await waitFor(() => asked() === LIVE_RUNS, { timeoutMs: 120_000, what: 'a model call for each message' });
    const before = world.modelCalls.length;
    isSilent = false;
    const heapBefore = process.memoryUsage().rss;
    const began = performance.now();
    await admin.flushdb();
    await waitFor(() => ids.every((id) => answered().has(id)), { timeoutMs: 120_000, intervalMs: 100, what: 'all answers' });
    const tookMs = Math.round(performance.now() - began);
    if (LIVE_RUNS > 1_000) console.log(`${LIVE_RUNS} runs answered ${tookMs} ms after FLUSHDB; this process grew by ${Math.round((process.memoryUsage().rss - heapBefore) / 1_048_576)} MB`);
    expect(tookMs).toBeLessThan(60_000);
    expect(world.modelCalls.length - before).toBe(LIVE_RUNS);
    expect(world.answers.filter(({ payload }) => payload.outcome === Outcome.ANSWERED)).toHaveLength(LIVE_RUNS);
  });

  it('a run that waited for tools is asked for again too, and a destroyed group is a loss', async () => {
    isSilent = false;
    const id = newId();
    world.behaviour.tool = () => undefined;
    await world.ask(id, { text: 'use a tool' }, secret);
    const calls = () => world.toolCalls.filter(({ correlationId }) => correlationId === id);
    await waitFor(() => calls().length === 1);
    world.behaviour.tool = () => 'noon';
    await admin.xgroup('DESTROY', 'tools.results', 'orchestrator');
    expect(await world.answer(id)).toMatchObject({ text: 'done' });
    expect(calls().map(({ payload }) => payload.executionId)).toEqual([calls()[0]?.payload.executionId, calls()[0]?.payload.executionId]);
  });
});

const answered = (): ReadonlySet<string> => new Set(world.answers.map(({ payload }) => payload.messageId));
