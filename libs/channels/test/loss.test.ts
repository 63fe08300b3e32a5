import { startRedis, type RedisServer } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { redisBus, type ChannelBus, type Loss } from '../src/index.js';
import { ids, usage, workInto } from './bus-test.js';

describe('a loss of messages', () => {
  let server: RedisServer;
  let raw: Redis;
  let losses: Loss[];

  const open = (): ChannelBus => {
    const bus = redisBus(server.url);
    onTestFinished(() => bus.close());
    return bus;
  };
  /** A bus that reads with several consumers, two of them of one group. */
  const reading = async (seen: string[]): Promise<ChannelBus> => {
    const bus = open();
    bus.onLoss((loss) => void losses.push(loss));
    const usages = ['one', 'two'].map((consumer) => bus.consumeBatches(workInto([])(consumer), async (batch) => { seen.push(...ids(batch)); return []; }));
    const other = bus.consumeBatches({ channel: 'audit.recorded', group: 'settings', consumer: 'one', onDeadLetter: async () => [] }, async () => []);
    await Promise.all([...usages, other].map((subscription) => subscription.ready));
    return bus;
  };

  beforeEach(async () => {
    server = await startRedis({ appendonly: false });
    raw = new Redis(server.url);
    raw.on('error', () => undefined);
    losses = [];
  });
  afterEach(async () => {
    raw.disconnect();
    await server.stop();
  });

  it.each([
    ['FLUSHALL', () => raw.flushall()],
    ['XGROUP DESTROY', () => raw.xgroup('DESTROY', 'usage.recorded', 'usage')],
  ])('by %s is told once, and reading goes on', async (_, harm) => {
    const seen: string[] = [];
    const bus = await reading(seen);
    await bus.publish(usage('a'));
    await expect.poll(() => seen).toEqual(['a']);
    await harm();
    await expect.poll(() => losses, { timeout: 4_000 }).toEqual(['group_gone']);
    await bus.publish(usage('b'));
    await expect.poll(() => seen).toContain('b');
    expect(losses).toEqual(['group_gone']);
  });

  it('does not make a call twice that is under way while its group is destroyed', async () => {
    const seen: string[] = [];
    const release = Promise.withResolvers<void>();
    const bus = open();
    const subscription = bus.consumeEach(workInto([])('one'), async (message) => { seen.push(message.id); if (message.id === 'long') await release.promise; return []; });
    await bus.publishAll(['short', 'long'].map(usage));
    await expect.poll(() => seen).toEqual(['short', 'long']);
    await raw.xgroup('DESTROY', 'usage.recorded', 'usage');
    await expect.poll(() => seen, { timeout: 4_000 }).toEqual(['short', 'long', 'short']); // the group begins anew
    release.resolve();
    await expect.poll(async () => ((await raw.xpending('usage.recorded', 'usage')) as [number])[0]).toBe(0);
    await bus.publish(usage('next'));
    await expect.poll(() => seen).toContain('next');
    expect(seen.filter((id) => id === 'long')).toHaveLength(1);
    await subscription.stop();
  });

  it('by a restart is told once Redis answers, and only once', async () => {
    const seen: string[] = [];
    const bus = await reading(seen);
    const { port } = server;
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    expect(losses).toEqual([]);
    server = await startRedis({ appendonly: false, port });
    await expect.poll(() => losses.length, { timeout: 8_000 }).toBe(1);
    await bus.publish(usage('b'));
    await expect.poll(() => seen).toEqual(['b']);
    expect(losses).toHaveLength(1);
  });

  it('is none when only connections break, or a consumer begins', async () => {
    const seen: string[] = [];
    const bus = await reading(seen);
    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await bus.publish(usage('a')).catch(() => bus.publish(usage('a')));
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['a']);
    expect(losses).toEqual([]);
  });

  it('is not told to who does not listen any more', async () => {
    const bus = await reading([]);
    const told: Loss[] = [];
    bus.onLoss((loss) => void told.push(loss))();
    await raw.flushall();
    await expect.poll(() => losses.length, { timeout: 4_000 }).toBe(1);
    expect(told).toEqual([]);
  });
});
