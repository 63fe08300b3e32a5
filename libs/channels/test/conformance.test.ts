import { create } from '@bufbuild/protobuf';
import { AppError, newId } from '@nexus/core';
import { ProcessedRequestSchema, ProgressPartSchema, SettingsChangedSchema } from '@nexus/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outgoing, type ChannelBus, type DeadLetter, type Message } from '../src/index.js';
import { buses, ids, never, usage, workInto, type Usage } from './bus-test.js';

describe.each(buses)('channels over $name', ({ open }) => {
  let bus: ChannelBus;
  let letters: DeadLetter[];
  let work: ReturnType<typeof workInto>;

  beforeEach(() => {
    letters = [];
    work = workInto(letters);
    bus = open(`${newId()}:`);
  });
  afterEach(() => bus.close());

  it('delivers in the order of publishing, whoever publishes first', async () => {
    const seen: string[] = [];
    await bus.publishAll([usage('a'), usage('b')]);
    const subscription = bus.consumeBatches(work('one'), async (batch) => { seen.push(...ids(batch)); return []; });
    await subscription.ready;
    await bus.publish(usage('c'));
    await expect.poll(() => seen).toEqual(['a', 'b', 'c']);
    await subscription.stop();
  });

  it('gives each message to one consumer of the group', async () => {
    const seen: string[] = [];
    const handler = async (batch: readonly Message<Usage>[]) => { seen.push(...ids(batch)); return []; };
    const subscriptions = ['one', 'two', 'three'].map((consumer) => bus.consumeBatches(work(consumer, { batchSize: 3 }), handler));
    const all = Array.from({ length: 50 }, (_, i) => `m${i}`);
    await bus.publishAll(all.map(usage));
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(50);
    expect(seen.toSorted()).toEqual(all.toSorted());
    for (const subscription of subscriptions) await subscription.stop();
  });

  it('carries bytes, metadata, trace and correlation id unharmed', async () => {
    const seen: Message<'requests.progress'>[] = [];
    const subscription = bus.follow('requests.progress', (batch) => { seen.push(...batch); });
    await subscription.ready;
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
    await bus.publish({ channel: 'requests.progress', id: 'p', tenantId: 't', correlationId: 'c', trace, metadata: { x: 'ü' }, payload: create(ProgressPartSchema, { part: { case: 'events', value: bytes } }) });
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ id: 'p', tenantId: 't', correlationId: 'c', trace, metadata: { x: 'ü' } });
    expect(Buffer.from(seen[0]?.payload.part.value as Uint8Array).equals(Buffer.from(bytes))).toBe(true);
    await subscription.stop();
  });

  it('redelivers what a consumer took and never acknowledged, once it is idle', async () => {
    let taken = 0;
    const first = bus.consumeBatches(work('dies'), () => { taken++; return new Promise(() => undefined); });
    await bus.publish(usage('a'));
    await expect.poll(() => taken).toBe(1);
    await first.stop(50);
    const seen: Message<Usage>[] = [];
    const second = bus.consumeBatches(work('lives'), async (batch) => { seen.push(...batch); return []; });
    await expect.poll(() => ids(seen), { timeout: 5_000 }).toEqual(['a']);
    await second.stop();
  });

  it('gives a consumer that restarts under its name what it had taken, at once', async () => {
    let taken = 0;
    const first = bus.consumeBatches(work('same', { claimIdleMs: 60_000 }), () => { taken++; return new Promise(() => undefined); });
    await bus.publish(usage('a'));
    await expect.poll(() => taken).toBe(1);
    await first.stop(50);
    const seen: Message<Usage>[] = [];
    const second = bus.consumeBatches(work('same', { claimIdleMs: 60_000 }), async (batch) => { seen.push(...batch); return []; });
    await expect.poll(() => seen.map((message) => message.deliveries)).toEqual([2]);
    await second.stop();
  });

  it('does not wait when it stops for what a handler leaves to the next consumer', async () => {
    let firstTook = 0;
    const first = bus.consumeEach(work('same', { claimIdleMs: 60_000 }), (_message, signal) => new Promise((_resolve, reject) => { firstTook++; signal.addEventListener('abort', () => reject(new Error('handed over'))); }));
    await first.ready;
    await bus.publish(usage('a'));
    const second = Promise.withResolvers<Message<Usage>>();
    await expect.poll(() => firstTook).toBe(1);
    const began = performance.now();
    await first.stop(10_000);
    expect(performance.now() - began).toBeLessThan(3_000);
    const next = bus.consumeEach(work('same', { claimIdleMs: 60_000 }), async (message) => { second.resolve(message); return []; });
    expect(await second.promise).toMatchObject({ id: 'a', deliveries: 2 });
    await next.stop();
  });

  it('does not hand a long call to another consumer while its own is alive', async () => {
    const release = Promise.withResolvers<void>();
    const seen: string[] = [];
    const slow = bus.consumeEach(work('slow'), async (message) => { seen.push(`slow ${message.id}`); await release.promise; return []; });
    await slow.ready;
    await bus.publish(usage('long'));
    await expect.poll(() => seen).toEqual(['slow long']);
    const other = bus.consumeEach(work('other'), async (message) => { seen.push(`other ${message.id}`); return []; });
    await bus.publish(usage('next'));
    const until = Date.now() + 1_500; // five times the claim time
    await expect.poll(() => Date.now() > until, { timeout: 3_000 }).toBe(true);
    expect(seen.filter((line) => line.endsWith('long'))).toEqual(['slow long']);
    release.resolve();
    await slow.stop();
    await other.stop();
  });

  it('leaves an entry that another consumer took over to that one, should it fail', async () => {
    const takenOver: [string, number][] = [];
    await bus.close();
    bus = open(`${newId()}:`, { onTakenOver: (...what) => void takenOver.push(what) });
    const release = Promise.withResolvers<void>();
    const seen: string[] = [];
    const first = bus.consumeEach(work('held up'), async (message) => { seen.push(message.id); await release.promise; return [usage('outcome')]; });
    await bus.publish(usage('long'));
    await expect.poll(() => seen).toEqual(['long']);
    const hasty = bus.consumeEach(work('hasty', { claimIdleMs: 20, concurrency: 1 }), (message) => { seen.push(`again ${message.id}`); return never(); }); // does not wait for the refresh
    await expect.poll(() => seen).toEqual(['long', 'again long']);
    await expect.poll(() => takenOver).toEqual([['usage.recorded', 1]]);
    release.resolve();
    await first.stop();
    await hasty.stop(0);
    const heir = bus.consumeEach(work('heir'), async (message) => { seen.push(`heir of ${message.id}`); return []; });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(expect.arrayContaining(['heir of outcome', 'heir of long']));
    await heir.stop();
  });

  it('halves a batch that failed until the poison is alone', async () => {
    const done: string[] = [];
    const subscription = bus.consumeBatches(work('one'), async (batch) => {
      if (ids(batch).includes('poison')) throw new Error('cannot');
      done.push(...ids(batch));
      return [];
    });
    await bus.publishAll(['a', 'poison', 'b'].map(usage));
    await expect.poll(() => letters.length, { timeout: 10_000 }).toBe(1);
    expect(done).toEqual(['a', 'b']);
    expect(letters[0]).toMatchObject({ channel: 'usage.recorded', group: 'usage', reasonCode: 'internal', deliveries: 5, message: { id: 'poison' } });
    await bus.publish(usage('after'));
    await expect.poll(() => done).toEqual(['a', 'b', 'after']);
    await subscription.stop();
  });

  it('waits out what is not the fault of the message, however long it takes', async () => {
    let calls = 0;
    const subscription = bus.consumeBatches(work('one'), async () => {
      if (++calls < 8) throw new AppError('database_unavailable', 'away', { isRetryable: true });
      return [];
    });
    await bus.publish(usage('a'));
    await expect.poll(() => calls, { timeout: 15_000 }).toBe(8);
    expect(letters).toEqual([]);
    await subscription.stop();
  });

  it('publishes what a handler returns, and only then acknowledges', async () => {
    const seen: string[] = [];
    const settled = bus.consumeBatches({ ...work('two'), group: 'other' }, async (batch) => { seen.push(...ids(batch)); return []; });
    const subscription = bus.consumeEach(work('one'), async (message) => (message.id === 'a' ? [usage('from a')] : []));
    await bus.publish(usage('a'));
    await expect.poll(() => seen).toEqual(['a', 'from a']);
    await subscription.stop();
    await settled.stop();
  });

  it('adds a message that is meant once only once', async () => {
    const seen: string[] = [];
    const reader = bus.followReplies('requests.processed', 'me', (batch) => { seen.push(...batch.map((message) => message.id)); });
    await reader.ready;
    const answer = (id: string) => outgoing({ channel: 'requests.processed', id, to: 'me', once: true, payload: create(ProcessedRequestSchema, { messageId: id }) });
    await Promise.all([bus.publish(answer('x')), bus.publish(answer('x'))]);
    await bus.publish(answer('x'));
    await bus.publish(answer('y'));
    await expect.poll(() => seen).toEqual(['x', 'y']);
    await reader.stop();
  });

  it('gives replies only to the reader that they name', async () => {
    const seen: Record<string, string[]> = { me: [], you: [] };
    const readers = ['me', 'you'].map((name) => bus.followReplies('requests.processed', name, (batch) => { seen[name]?.push(...batch.map((message) => message.id)); }));
    for (const reader of readers) await reader.ready;
    await bus.publish(outgoing({ channel: 'requests.processed', id: 'a', to: 'me', payload: create(ProcessedRequestSchema, {}) }));
    await bus.publish(outgoing({ channel: 'requests.processed', id: 'b', to: 'you', payload: create(ProcessedRequestSchema, {}) }));
    await expect.poll(() => seen).toEqual({ me: ['a'], you: ['b'] });
    for (const reader of readers) await reader.stop();
  });

  it('lets every follower of a broadcast read everything, and keeps its history for a while', async () => {
    const seen: string[][] = [[], []];
    const followers = seen.map((list) => bus.follow('settings.changed', (batch) => { list.push(...batch.map((message) => message.id)); }));
    for (const follower of followers) await follower.ready;
    for (const id of ['a', 'b']) await bus.publish({ channel: 'settings.changed', id, payload: create(SettingsChangedSchema, { name: id }) });
    await expect.poll(() => seen).toEqual([['a', 'b'], ['a', 'b']]);
    const history = await bus.history('settings.changed', '0');
    expect(history.map((message) => message.id)).toEqual(['a', 'b']);
    expect((await bus.history('settings.changed', history[0]?.entryId ?? '')).map((message) => message.id)).toEqual(['b']);
    for (const follower of followers) await follower.stop();
  });

  it('finishes what is under way when it stops, and reads nothing more', async () => {
    const release = Promise.withResolvers<void>();
    const done: string[] = [];
    let taken = 0;
    const subscription = bus.consumeEach(work('one'), async (message) => { taken++; await release.promise; done.push(message.id); return []; });
    await bus.publish(usage('a'));
    await expect.poll(() => taken).toBe(1);
    const stopped = subscription.stop(5_000);
    release.resolve();
    await stopped;
    await bus.publish(usage('b'));
    expect(done).toEqual(['a']);
  });
});
