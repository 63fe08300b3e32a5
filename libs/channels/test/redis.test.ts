import { newId } from '@nexus/core';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { redisBus, type ChannelBus, type DeadLetter } from '../src/index.js';
import { ids, usage, workInto } from './bus-test.js';

describe('what only a real Redis can suffer', () => {
  let bus: ChannelBus;
  let prefix: string;
  let letters: DeadLetter[];
  let work: ReturnType<typeof workInto>;

  beforeEach(() => {
    prefix = `${newId()}:`;
    letters = [];
    work = workInto(letters);
    bus = redisBus(inject('redisUrl'), { prefix });
  });
  afterEach(() => bus.close());

  it('goes on after FLUSHALL and after the group was destroyed', async () => {
    const raw = new Redis(inject('redisUrl'));
    const seen: string[] = [];
    const subscription = bus.consumeBatches(work('one'), async (batch) => { seen.push(...ids(batch)); return []; });
    await subscription.ready;
    for (const [id, harm] of [['a', () => raw.del(`${prefix}usage.recorded`)], ['b', () => raw.xgroup('DESTROY', `${prefix}usage.recorded`, 'usage')], ['c', () => Promise.resolve()]] as const) {
      await bus.publish(usage(id));
      await expect.poll(() => seen.includes(id), { timeout: 8_000 }).toBe(true);
      await harm();
    }
    await subscription.stop();
    raw.disconnect();
  });

  it('sets aside an entry that cannot be read, with its bytes, and reads the next', async () => {
    const raw = new Redis(inject('redisUrl'));
    const seen: string[] = [];
    const subscription = bus.consumeBatches(work('one'), async (batch) => { seen.push(...ids(batch)); return []; });
    await subscription.ready;
    await raw.xadd(`${prefix}usage.recorded`, '*', 'id', 'bad', 'payload', Buffer.from([0xff, 0xff, 0xff]));
    await raw.xadd(`${prefix}usage.recorded`, '*', 'nonsense', 'x');
    await bus.publish(usage('good'));
    await expect.poll(() => seen).toEqual(['good']);
    expect(letters.map(({ reasonCode, messageId }) => [reasonCode, messageId])).toEqual([['malformed_payload', 'bad'], ['malformed_envelope', undefined]]);
    expect(letters[0]?.raw.includes(Buffer.from([0xff, 0xff, 0xff]))).toBe(true);
    await expect.poll(async () => ((await raw.xpending(`${prefix}usage.recorded`, 'usage')) as [number])[0]).toBe(0);
    await subscription.stop();
    raw.disconnect();
  });

  it('acknowledges with one command what is done in one turn', async () => {
    const raw = new Redis(inject('redisUrl'));
    const monitor = await raw.monitor();
    const acknowledged: string[][] = [];
    monitor.on('monitor', (_time: string, [command, key, , ...entryIds]: string[]) => {
      if (command === 'XACK' && key === `${prefix}usage.recorded`) acknowledged.push(entryIds);
    });
    let seen = 0;
    const all = Promise.withResolvers<void>();
    const subscription = bus.consumeEach(work('one'), async () => {
      if (++seen === 3) all.resolve();
      await all.promise;
      return [];
    });
    await bus.publishAll(['a', 'b', 'c'].map(usage));
    await expect.poll(() => acknowledged.flat().length).toBe(3);
    expect(acknowledged).toHaveLength(1);
    expect(new Set(acknowledged[0]).size).toBe(3);
    await subscription.stop();
    monitor.disconnect();
    raw.disconnect();
  });
});
