import { create } from '@bufbuild/protobuf';
import { AppError, newId } from '@nexus/core';
import { SettingsChangedSchema, UsageRecordedSchema } from '@nexus/contracts';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outgoing, type ChannelBus, type DeadLetter, type Message, type WorkOptions } from '../src/index.js';
import { buses, ids, never, usage, workInto, type Usage } from './bus-test.js';

describe.each(buses)('recovery over $name', ({ open }) => {
  let bus: ChannelBus;
  let letters: DeadLetter[];
  let work: ReturnType<typeof workInto>;

  beforeEach(() => {
    letters = [];
    work = workInto(letters);
    bus = open(`${newId()}:`);
  });
  afterEach(() => bus.close());

  /** A consumer that takes this and dies over it. */
  const dieOver = async (consumer: string, id: string, more: Partial<WorkOptions<Usage>> = {}) => {
    const taken: string[] = [];
    const subscription = bus.consumeBatches(work(consumer, { claimIdleMs: 60_000, ...more }), (batch) => { taken.push(...ids(batch)); return never(); });
    await expect.poll(() => taken).toContain(id);
    await subscription.stop(0);
  };

  it('finds what was abandoned behind many entries that are under way', async () => {
    const seen: string[] = [];
    const busy = bus.consumeEach(work('busy', { concurrency: 60, claimIdleMs: 600 }), async (message) => { seen.push(message.id); return never(); });
    await bus.publishAll(Array.from({ length: 60 }, (_, i) => usage(`long ${i}`)));
    await expect.poll(() => seen.length).toBe(60);
    await bus.publish(usage('abandoned'));
    await dieOver('dies', 'abandoned');
    const found: string[] = [];
    const other = bus.consumeEach(work('other', { concurrency: 2, claimIdleMs: 600 }), async (message) => { found.push(message.id); return []; });
    await expect.poll(() => found, { timeout: 5_000 }).toEqual(['abandoned']);
    await other.stop();
    await busy.stop(0);
  });

  it('sets aside what five readers died over, and handles the next', async () => {
    await bus.publish(usage('deadly'));
    for (let life = 1; life <= 5; life++) await dieOver('same', 'deadly');
    const seen: string[] = [];
    const sixth = bus.consumeBatches(work('same'), async (batch) => { seen.push(...ids(batch)); return []; });
    await expect.poll(() => letters.length).toBe(1);
    expect(letters[0]).toMatchObject({ reasonCode: 'too_many_deliveries', deliveries: 6, message: { id: 'deadly' } });
    await bus.publish(usage('next'));
    await expect.poll(() => seen).toEqual(['next']);
    await sixth.stop();
  });

  it('keeps the order of the stream among what is delivered again', async () => {
    await bus.publishAll([usage('a'), usage('b')]);
    await dieOver('same', 'b');
    for (let life = 2; life <= 3; life++) await dieOver('same', 'a', { batchSize: 1 });
    const seen: string[] = [];
    const next = bus.consumeBatches(work('same'), async (batch) => { seen.push(...ids(batch)); return []; });
    await expect.poll(() => seen.length).toBe(2);
    expect(seen).toEqual(['a', 'b']);
    await next.stop();
  });

  it('keeps what is under way while it stops slowly', async () => {
    const release = Promise.withResolvers<void>();
    const seen: string[] = [];
    const slow = bus.consumeEach(work('slow'), async (message) => { seen.push(`slow ${message.id}`); await release.promise; return []; });
    await bus.publish(usage('long'));
    await expect.poll(() => seen).toEqual(['slow long']);
    const other = bus.consumeEach(work('other'), async (message) => { seen.push(`other ${message.id}`); return []; });
    const stopped = slow.stop(10_000);
    const until = Date.now() + 1_500; // five times the claim time
    await expect.poll(() => Date.now() > until, { timeout: 3_000 }).toBe(true);
    expect(seen).toEqual(['slow long']);
    release.resolve();
    await stopped;
    await other.stop();
  });

  it('lets a call that is worth it run on for a share of the grace period', async () => {
    const seen: string[] = [];
    const signals: AbortSignal[] = [];
    const release = Promise.withResolvers<void>();
    const handler = async (message: Message<Usage>, signal: AbortSignal) => {
      signals.push(signal);
      if (message.id === 'slow') await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      else await release.promise;
      seen.push(`${message.id} ${signal.aborted ? 'aborted' : 'finished'}`);
      return [];
    };
    const subscription = bus.consumeEach(work('one', { abortAfter: 0.5 }), handler);
    await bus.publishAll([usage('quick'), usage('slow')]);
    await expect.poll(() => signals.length).toBe(2);
    const stopped = subscription.stop(1_000);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    release.resolve();
    await stopped;
    expect(seen).toEqual(['quick finished', 'slow aborted']);
  });

  it('hands what it leaves over to others at once, and does not count that against it', async () => {
    await bus.publish(usage('long'));
    for (let life = 1; life <= 7; life++) {
      let isTaken = false;
      const leaving = bus.consumeEach(work('one', { claimIdleMs: 60_000 }), (_message, signal) => new Promise((_resolve, reject) => { isTaken = true; signal.addEventListener('abort', () => reject(new Error('handed over'))); }));
      await expect.poll(() => isTaken).toBe(true);
      await leaving.stop();
    }
    const seen: Message<Usage>[] = [];
    const other = bus.consumeEach(work('other', { claimIdleMs: 3_000 }), async (message) => { seen.push(message); return []; });
    await expect.poll(() => seen, { timeout: 2_000 }).toMatchObject([{ id: 'long', deliveries: 2 }]);
    expect(letters).toEqual([]);
    await other.stop();
  });

  it('gathers no listeners while it waits for something that is away', async () => {
    const signals: AbortSignal[] = [];
    const subscription = bus.consumeEach(work('one'), async (_message, signal) => {
      signals.push(signal);
      if (signals.length < 6) throw new AppError('database_unavailable', 'away', { isRetryable: true });
      return [];
    });
    await bus.publish(usage('a'));
    await expect.poll(() => signals.length, { timeout: 15_000 }).toBe(6);
    expect(getEventListeners(signals[0] as AbortSignal, 'abort').length).toBeLessThanOrEqual(1);
    await subscription.stop();
  });

  it('rejects, and never throws, when a message cannot be encoded, and publishes its neighbour', async () => {
    const seen: string[] = [];
    const subscription = bus.consumeBatches(work('one'), async (batch) => { seen.push(...ids(batch)); return []; });
    const wrong = outgoing({ ...usage('wrong'), channel: 'usage.recorded', payload: create(UsageRecordedSchema, { durationMs: 2n ** 70n }) });
    const outcomes = await Promise.allSettled([bus.publish(wrong), bus.publish(usage('right'))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await expect.poll(() => seen).toEqual(['right']);
    await subscription.stop();
  });

  it('sets aside an id that no database can store', async () => {
    const subscription = bus.consumeBatches(work('one'), async () => []);
    await bus.publish(usage('a\u0000b'));
    await expect.poll(() => letters.map(({ reasonCode, message }) => [reasonCode, message])).toEqual([['malformed_envelope', undefined]]);
    await subscription.stop();
  });
});

describe.each(buses)('partitions over $name', ({ open }) => {
  it('hands every broadcast to every follower, and work to the partition of its key', async () => {
    const bus = open(`${newId()}:`, { partitions: 4 });
    const changes: string[] = [];
    const follower = bus.follow('settings.changed', (batch) => { changes.push(...batch.map((message) => message.id)); });
    await follower.ready;
    const names = Array.from({ length: 12 }, (_, i) => `m${i}`);
    const seen = Array.from({ length: 4 }, (): string[] => []);
    const consumers = seen.map((list, partition) => bus.consumeBatches({ ...workInto([])('one'), partition }, async (batch) => { list.push(...ids(batch)); return []; }));
    for (const name of names) {
      await bus.publish({ channel: 'settings.changed', id: name, payload: create(SettingsChangedSchema, { name }) });
      await bus.publish(outgoing({ ...usage(name), partitionKey: 'one key' }));
    }
    await expect.poll(() => changes).toEqual(names);
    await expect.poll(() => seen.flat().length).toBe(12);
    expect(seen.filter((list) => list.length > 0)).toEqual([names]);
    for (const consumer of [follower, ...consumers]) await consumer.stop();
    await bus.close();
  });
});
