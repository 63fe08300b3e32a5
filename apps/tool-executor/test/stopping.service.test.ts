import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { expect, it } from 'vitest';
import { gate, probe } from './probe-tool.js';
import { ToolExecutorUnderTest } from './tool-executor-test.js';

const postgres = postgresTest();
const redis = redisTest();
const start = (tools: Parameters<typeof ToolExecutorUnderTest.start>[0]['tools']) => ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url, tools });

it('hands a repeatable call over when it stops, and the next life makes it again', async () => {
  const tool = probe({ name: 'held', timeoutMs: 60_000 }, (_args, { signal }, call) =>
    call > 1 ? Promise.resolve('second') : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))));
  const first = await start([tool]);
  const message = await first.execute('held', {});
  await waitFor(() => tool.calls() === 1);
  const began = performance.now();
  await first.stop(10_000);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(first.resultsOf(message)).toEqual([]);
  const second = await start([tool]);
  expect((await second.outcome(message)).result?.text).toBe('second');
  await second.stop();
});

it('lets a call that must not be made twice finish within the grace period', async () => {
  const held = gate();
  const tool = probe({ name: 'pay', isIdempotent: false, timeoutMs: 60_000 }, async () => (await held.opened, 'paid'));
  const first = await start([tool]);
  const message = await first.execute('pay', {});
  await waitFor(() => tool.calls() === 1);
  const stopped = first.service.stop(10_000);
  held.open();
  await stopped;
  expect((await first.outcome(message)).result?.text).toBe('paid');
  await first.stop();
  const second = await start([tool]);
  await second.bus.publish(message);
  expect((await second.outcome(message)).result?.text).toBe('paid');
  expect(tool.calls()).toBe(1);
  await second.stop();
});

it('closes each tool once', async () => {
  let closed = 0;
  const service = await start([{ ...probe({ name: 'closable' }), close: async () => void closed++ }]);
  expect(closed).toBe(0);
  await service.stop();
  expect(closed).toBe(1);
});
