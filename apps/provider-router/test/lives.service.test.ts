import { redisBus } from '@nexus/channels';
import { UsageRecorded_Result as Result } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import { asTenant, toConnectError } from '@nexus/runtime';
import { postgresTest, startRedis, waitFor, type RedisServer } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld, requestOf } from './router-test.js';

const postgres = postgresTest();
let redis: RedisServer;
let world: RouterWorld;
let router: RouterUnderTest | undefined;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
});
afterAll(() => world?.provider.close());
beforeEach(async () => {
  redis = await startRedis({ appendonly: false });
  world.reset();
  text = `question ${newId()}`;
});
afterEach(async () => {
  await router?.stop(0);
  await redis.stop();
});

const start = async () => (router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url }));
const chat = (more: object = {}) => ({ model: 'fake/priced', messages: [{ role: 'user', content: text }], ...more });

it('answers and books a call whose Redis was lost meanwhile', async () => {
  const running = await start();
  const redisIsDown = Promise.withResolvers<void>();
  let hasAnswered = false;
  world.provider.reply(async () => {
    await redisIsDown.promise;
    hasAnswered = true;
    return { text: 'dear' };
  });
  const message = await running.ask(chat());
  await waitFor(() => world.calls(text).length === 1);
  const { port } = redis;
  process.kill(redis.pid, 'SIGKILL');
  await redis.stop();
  redisIsDown.resolve();
  await waitFor(() => hasAnswered);
  redis = await startRedis({ appendonly: false, port });
  expect((await running.answer(message)).outcome.case).toBe('completion');
  expect(await running.record(message)).toMatchObject({ result: Result.SUCCEEDED });
  expect(world.calls(text)).toHaveLength(1);
});

it('lets calls finish when it stops', async () => {
  const running = await start();
  world.provider.reply({ text: 'done', delayMs: 500 });
  const message = await running.ask(chat());
  await waitFor(() => world.calls(text).length === 1);
  await running.service.stop(5_000);
  expect((await running.answer(message)).outcome.case).toBe('completion');
  expect(await running.record(message)).toMatchObject({ result: Result.SUCCEEDED });
});

it('breaks off what would outlast its stop, books it, and says that it may be asked for again', async () => {
  const running = await start();
  world.provider.reply({ hang: 'before-headers' });
  const message = await running.ask(chat());
  await waitFor(() => world.calls(text).length === 1);
  await running.service.stop(1_000);
  expect((await running.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'interrupted', status: 503, isRetryable: true } });
  expect(await running.record(message)).toMatchObject({ result: Result.CANCELLED });
});

it('leaves to the next life what it had not begun', async () => {
  const first = await start();
  const release = Promise.withResolvers<void>();
  world.ledger.beforeAnswer = () => release.promise;
  const message = await first.ask(chat());
  await waitFor(() => world.ledger.asked.some(({ attemptId }) => attemptId === message.id));
  world.ledger.answer = () => { throw toConnectError(new AppError('database_unavailable', 'away', { status: 503, isRetryable: true })); };
  const stopped = first.stop(1_000);
  release.resolve();
  await stopped;
  expect(first.answersTo(message)).toEqual([]);
  world.reset();
  const second = await start();
  expect((await second.answer(message)).outcome.case).toBe('completion');
  expect(world.calls(text)).toHaveLength(1);
});

/** A request that earlier lives of this replica took, so many times. */
async function takenBefore(times: number) {
  const message = requestOf(chat());
  const bus = redisBus(redis.url);
  await bus.publish(message);
  await bus.close();
  const raw = new Redis(redis.url);
  await raw.xgroup('CREATE', 'inference.request', 'provider-router', '0');
  const [[, [[entryId]]]] = (await raw.xreadgroup('GROUP', 'provider-router', 'test-1', 'STREAMS', 'inference.request', '>')) as unknown as [[string, [[string]]]];
  await raw.xclaim('inference.request', 'provider-router', 'test-1', 0, entryId, 'RETRYCOUNT', times);
  raw.disconnect();
  return message;
}

it('never repeats a call that an earlier life began', async () => {
  const message = await takenBefore(1);
  world.ledger.opened.set(message.id, 'an earlier life');
  const running = await start();
  expect((await running.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'attempt_unknown' } });
  expect(world.calls(text)).toEqual([]);
  expect(running.recordsOf(message)).toEqual([]);
});

it('sets aside what five lives died over, and says so to the one who asked', async () => {
  const message = await takenBefore(5);
  const running = await start();
  expect((await running.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'too_many_deliveries', isRetryable: false } });
  const { deadLetters } = await running.clients.deadLetters('provider-router').listDeadLetters({ channel: 'inference.request' }, asTenant(message.tenantId ?? ''));
  expect(deadLetters).toMatchObject([{ reasonCode: 'too_many_deliveries', messageId: message.id, deliveries: 6 }]);
  expect(world.calls(text)).toEqual([]);
});
