import { newId } from '@nexus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelBus, DeadLetter, Message } from '../src/index.js';
import { buses, ids, never, usage, workInto, type Usage } from './bus-test.js';

describe.each(buses)('ordered reading over $name', ({ open }) => {
  let bus: ChannelBus;
  let letters: DeadLetter[];
  let work: ReturnType<typeof workInto>;

  beforeEach(() => {
    letters = [];
    work = workInto(letters);
    bus = open(`${newId()}:`);
  });
  afterEach(() => bus.close());

  /** A reader that is busy with `first`; then a zombie by its name takes `taken`. Gives back what lets the reader go on. */
  const overtake = async (seen: string[], taken: readonly string[], claimIdleMs = 60_000) => {
    const release = Promise.withResolvers<void>();
    const live = bus.consumeBatches(work('same', { ordered: true, claimIdleMs }), async (batch) => {
      seen.push(...ids(batch));
      await release.promise;
      return [];
    });
    await live.ready;
    await bus.publish(usage('first'));
    await expect.poll(() => seen).toEqual(['first']);
    const held: string[] = [];
    const zombie = bus.consumeEach(work('same', { claimIdleMs: 60_000, concurrency: 1_000 }), (message: Message<Usage>) => { if (message.id !== 'first') held.push(message.id); return never(); });
    await zombie.ready;
    await bus.publishAll(taken.map(usage));
    await expect.poll(() => held).toEqual(taken);
    void zombie.stop(0);
    return { live, goOn: () => release.resolve() };
  };

  it('gets first what a reader that was given up for dead took by its name', async () => {
    const seen: string[] = [];
    const taken = Array.from({ length: 600 }, (_, i) => `taken ${i}`); // more than a batch
    const { live, goOn } = await overtake(seen, taken);
    await bus.publishAll([usage('next'), usage('last')]);
    goOn();
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(603);
    expect(seen).toEqual(['first', ...taken, 'next', 'last']);
    await live.stop();
  });

  it('takes over what nobody comes after, once it is left alone for long enough', async () => {
    const seen: string[] = [];
    const { live, goOn } = await overtake(seen, ['taken'], 600);
    goOn();
    await expect.poll(() => seen, { timeout: 8_000 }).toEqual(['first', 'taken']);
    await bus.publish(usage('next'));
    await expect.poll(() => seen).toEqual(['first', 'taken', 'next']);
    await live.stop();
  });

  it('hands over nothing twice while its acknowledgements are on their way', async () => {
    const seen: string[] = [];
    const live = bus.consumeBatches(work('same', { ordered: true, batchSize: 4 }), async (batch) => { seen.push(...ids(batch)); return []; });
    const all = Array.from({ length: 500 }, (_, i) => `m${i}`);
    for (let i = 0; i < all.length; i += 50) await bus.publishAll(all.slice(i, i + 50).map(usage));
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(500);
    expect(seen).toEqual(all);
    await live.stop();
  });
});

describe.each(buses)('the age of a queue over $name', ({ open }) => {
  it('is how long the oldest entry waits that the service was not handed', async () => {
    const bus = open(`${newId()}:`, { partitions: 2 });
    expect(await bus.queueAge('usage.recorded')).toBe(0);
    await bus.publish(usage('a'));
    await expect.poll(() => bus.queueAge('usage.recorded')).toBeGreaterThan(50);
    const letters: DeadLetter[] = [];
    const consumers = [0, 1].map((partition) => bus.consumeEach(workInto(letters)('one', { partition, concurrency: 1 }), never));
    await expect.poll(() => bus.queueAge('usage.recorded')).toBe(0); // it is under way
    await bus.publish({ ...usage('b'), partitionKey: 'a' });
    await expect.poll(() => bus.queueAge('usage.recorded')).toBeGreaterThan(30);
    const elsewhere = bus.consumeBatches({ ...workInto(letters)('one'), group: 'elsewhere' }, async () => []);
    await elsewhere.ready;
    expect(await bus.queueAge('usage.recorded')).toBeGreaterThan(30); // whatever another group has read
    expect(await bus.queueAge('requests.processed')).toBe(0); // no service reads it
    await Promise.all([...consumers, elsewhere].map((consumer) => consumer.stop(0)));
    await bus.close();
  });
});
