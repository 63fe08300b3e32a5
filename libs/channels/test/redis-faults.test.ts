import { create } from '@bufbuild/protobuf';
import { InferenceResponseSchema, ProcessedRequestSchema } from '@nexus/contracts';
import { startRedis, type RedisServer } from '@nexus/testing';
import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { outgoing, redisBus, type ChannelBus, type DeadLetter } from '../src/index.js';
import { ids, usage, workInto } from './bus-test.js';
import { cuttableRedis } from './cuttable-redis.js';

/** What a Redis of one's own can suffer. */
describe('channels over a Redis that is harmed', () => {
  let server: RedisServer;
  let raw: Redis;
  let letters: DeadLetter[];
  let work: ReturnType<typeof workInto>;

  const open = (url = server.url): ChannelBus => {
    const bus = redisBus(url);
    onTestFinished(() => bus.close());
    return bus;
  };
  const proxied = async () => {
    const proxy = await cuttableRedis(server.url);
    onTestFinished(() => proxy.close());
    return proxy;
  };
  const pending = async (): Promise<number> => ((await raw.xpending('usage.recorded', 'usage')) as [number])[0];
  const answer = (id: string, to?: string) => outgoing({ channel: 'requests.processed', id, ...(to && { to }), payload: create(ProcessedRequestSchema, { messageId: id }) });

  beforeEach(async () => {
    server = await startRedis({ appendonly: false });
    raw = new Redis(server.url);
    raw.on('error', () => undefined);
    letters = [];
    work = workInto(letters);
  });
  afterEach(async () => {
    raw.disconnect();
    await server.stop();
  });

  it('hands out at once what was lost with a reply', async () => {
    const proxy = await proxied();
    const seen: string[] = [];
    const subscription = open(proxy.url).consumeEach(work('one', { claimIdleMs: 60_000 }), async (message) => { seen.push(message.id); return []; });
    await subscription.ready;
    proxy.loseReplyWith('lost in the post');
    await open().publish(usage('lost in the post'));
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['lost in the post']);
    expect(proxy.lost).toBe(1);
    await expect.poll(pending).toBe(0);
  });

  it('handles what Redis has handed out when it stops', async () => {
    const proxy = await proxied();
    const seen: string[] = [];
    const subscription = open(proxy.url).consumeEach(work('one', { claimIdleMs: 60_000 }), async (message) => { seen.push(message.id); return []; });
    await subscription.ready;
    const slow = open();
    proxy.delayRepliesMs = 200;
    await slow.publish(usage('on its way'));
    await expect.poll(pending, { interval: 2 }).toBe(1);
    await subscription.stop(5_000);
    expect(seen).toEqual(['on its way']);
    expect(await pending()).toBe(0);
  });

  it('does not begin what lay in a late reply for so long that another consumer has it', async () => {
    const proxy = await proxied();
    const seen: string[] = [];
    const reading = (bus: ChannelBus, consumer: string) => bus.consumeEach(work(consumer, { claimIdleMs: 1_000 }), async (message) => { seen.push(`${consumer} ${message.id}`); return []; });
    reading(open(proxy.url), 'late');
    const bus = open();
    await bus.publish(usage('first'));
    await expect.poll(() => seen).toEqual(['late first']);
    await expect.poll(pending).toBe(0);
    proxy.delayRepliesMs = 2_500;
    await bus.publish(usage('a'));
    await expect.poll(pending).toBe(1);
    const prompt = reading(bus, 'prompt');
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['late first', 'prompt a']);
    await prompt.stop();
    proxy.delayRepliesMs = 0;
    await bus.publish(usage('b'));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['late first', 'prompt a', 'late b']);
  });

  it('loses nothing to a kill -9 of a Redis that keeps a file, and hands out again only what was under way', async () => {
    await server.stop();
    const dataDir = await mkdtemp(join(tmpdir(), 'nexus-kept-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    server = await startRedis({ appendonly: true, dataDir });
    const { port } = server;
    const seen: string[] = [];
    const release = Promise.withResolvers<void>();
    const bus = open();
    const subscription = bus.consumeEach(work('one'), async (message) => { seen.push(message.id); if (message.id === 'under way') await release.promise; return []; });
    await subscription.ready;
    const before = Array.from({ length: 200 }, (_, i) => `before ${i}`);
    await bus.publishAll([...before, 'under way'].map(usage));
    await expect.poll(() => seen.length).toBe(201);
    const counter = new Redis(server.url);
    await expect.poll(async () => ((await counter.xpending('usage.recorded', 'usage')) as [number])[0]).toBe(1);
    counter.disconnect();
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    server = await startRedis({ appendonly: true, dataDir, port });
    release.resolve();
    await expect.poll(() => bus.publish(usage('after')).then(() => true, () => false), { timeout: 8_000 }).toBe(true);
    await expect.poll(() => seen, { timeout: 8_000 }).toContain('after');
    expect(seen.filter((id) => id !== 'after' && id !== 'under way')).toEqual(before);
    await subscription.stop();
  });

  it('publishes an outcome when Redis comes back, without making it again', async () => {
    let calls = 0;
    const release = Promise.withResolvers<void>();
    const bus = open();
    bus.consumeEach(work('one'), async () => { calls++; await release.promise; return [answer('dear')]; });
    await bus.publish(usage('a'));
    await expect.poll(() => calls).toBe(1);
    const { port } = server;
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    release.resolve();
    server = await startRedis({ appendonly: false, port });
    await expect.poll(() => raw.xlen('requests.processed').catch(() => 0), { timeout: 10_000 }).toBe(1);
    expect(calls).toBe(1);
  });

  it('keeps a message pending until a full Redis takes its outcome', async () => {
    let calls = 0;
    const reasons = new Set<string>();
    const bus = open();
    bus.consumeEach(work('one', { claimIdleMs: 60_000, onHeldUp: ({ code }) => void reasons.add(code) }), async () => { calls++; return [answer('dear')]; });
    await bus.publish(usage('a'));
    await expect.poll(() => raw.xlen('requests.processed')).toBe(1);
    await raw.multi().xadd('usage.recorded', '*', 'id', 'b', 'payload', '').config('SET', 'maxmemory', '1').exec();
    await expect.poll(() => calls).toBe(2);
    await expect(bus.publish(usage('c'))).rejects.toMatchObject({ code: 'bus_full', isRetryable: true });
    expect(await pending()).toBe(1);
    expect([...reasons]).toEqual(['bus_full']);
    await raw.config('SET', 'maxmemory', '0');
    await expect.poll(() => raw.xlen('requests.processed'), { timeout: 5_000 }).toBe(2);
    await expect.poll(pending).toBe(0);
    expect(calls).toBe(2);
  });

  it('lets a new consumer empty a Redis that is full', async () => {
    const seen: string[] = [];
    const first = open().consumeBatches(work('one'), async (batch) => { seen.push(...ids(batch)); return []; });
    await first.ready;
    await first.stop();
    await open().publish(usage('a'));
    await raw.config('SET', 'maxmemory', '1');
    open().consumeBatches(work('two'), async (batch) => { seen.push(...ids(batch)); return []; });
    await expect.poll(() => seen).toEqual(['a']);
    await expect.poll(pending).toBe(0);
  });

  it('notices a connection that died without a word, for publishing and for claiming', async () => {
    const proxy = await proxied();
    const bus = open(proxy.url);
    await bus.ping();
    await bus.publish(usage('a'));
    proxy.freeze();
    const outcomes = Promise.allSettled([bus.publish(usage('b')), bus.ping()]);
    expect((await outcomes).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'done'))).toEqual(['bus_unavailable', 'bus_unavailable']);
    await bus.publish(usage('c'));
    await bus.ping();
    expect(await raw.xlen('usage.recorded')).toBe(2);
  });

  it('fails only the message whose key is spoilt', async () => {
    await raw.set('requests.processed:spoilt', 'no stream');
    const bus = open();
    const outcomes = await Promise.allSettled([bus.publish(usage('a')), bus.publish(answer('x', 'spoilt')), bus.publish(usage('b'))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await raw.xlen('usage.recorded')).toBe(2);
  });

  it('publishes no part of an outcome twice because another part was refused', async () => {
    await raw.set('requests.processed:spoilt', 'no stream');
    const bus = open();
    let refusals = 0;
    bus.consumeEach(work('one', { onHeldUp: () => void refusals++ }), async () => [answer('good'), answer('held up', 'spoilt'), answer('good too')]);
    await bus.publish(usage('a'));
    await expect.poll(() => refusals, { timeout: 5_000 }).toBeGreaterThan(2);
    expect(await pending()).toBe(1);
    await raw.del('requests.processed:spoilt');
    await expect.poll(() => raw.xlen('requests.processed:spoilt'), { timeout: 5_000 }).toBe(1);
    await expect.poll(pending).toBe(0);
    expect(await raw.xlen('requests.processed')).toBe(2);
  });

  it('adds what is meant once after a first try that failed', async () => {
    await raw.set('requests.processed:me', 'no stream');
    const bus = open();
    const once = { ...answer('x', 'me'), once: true };
    await expect(bus.publish(once)).rejects.toMatchObject({ code: 'bus_unavailable' });
    await raw.del('requests.processed:me');
    await bus.publish(once);
    await bus.publish(once);
    expect(await raw.xlen('requests.processed:me')).toBe(1);
  });

  it('follows a stream that began anew on a clock that went back', async () => {
    const bus = open();
    const seen: string[] = [];
    const follower = bus.followReplies('requests.processed', 'me', (batch) => { seen.push(...batch.map(({ id }) => id)); });
    await follower.ready;
    await raw.xadd('requests.processed:me', `${Date.now() + 3_600_000}-0`, 'id', 'an hour ahead', 'payload', '');
    await expect.poll(() => seen).toEqual(['an hour ahead']);
    await raw.flushall();
    await bus.publish(answer('now', 'me'));
    await expect.poll(() => seen, { timeout: 8_000 }).toEqual(['an hour ahead', 'now']);
  });

  it('trims no reply that its reader has not read, whatever time the writer thinks it is', async () => {
    const old = raw.pipeline();
    for (let i = 0; i < 300; i++) old.xadd('inference.response:me', `${Date.now() - 3_600_000}-${i + 1}`, 'id', `${i}`, 'payload', '');
    await old.exec();
    await open().publish(outgoing({ channel: 'inference.response', id: 'new', to: 'me', payload: create(InferenceResponseSchema, {}) }));
    expect(await raw.xlen('inference.response:me')).toBe(301);
    expect(await raw.pttl('inference.response:me')).toBeGreaterThan(0);
  });

  it('shows the history around an entry that cannot be read', async () => {
    const bus = open();
    await bus.publish(answer('a'));
    await raw.xadd('requests.processed', '*', 'nonsense', 'x');
    await bus.publish(answer('b'));
    expect((await bus.history('requests.processed', '0')).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('handles good messages while the store of dead letters is away', async () => {
    const bus = open();
    const seen: string[] = [];
    let isAway = true;
    const subscription = bus.consumeBatches(work('one', { onDeadLetter: async (letter) => { if (isAway) throw new Error('away'); letters.push(letter); return []; } }), async (batch) => { seen.push(...ids(batch)); return []; });
    await subscription.ready;
    await raw.xadd('usage.recorded', '*', 'nonsense', 'x');
    await bus.publish(usage('good'));
    await expect.poll(() => seen).toEqual(['good']);
    isAway = false;
    await expect.poll(() => letters.length, { timeout: 5_000 }).toBe(1);
    await expect.poll(pending).toBe(0);
  });
});
