import { newId } from '@nexus/core';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { MemoryStreams } from '../src/memory/memory-streams.js';
import { RedisStreams } from '../src/redis/redis-streams.js';
import type { GroupRef, IdleGroup, StreamTransport, TidyPolicy } from '../src/stream-transport.js';

const DAY = 24 * 3_600_000;
/** Many more than Redis trims or keeps at once. */
const MANY = 400;
const stores = [
  { name: 'redis', open: (): StreamTransport => new RedisStreams(inject('redisUrl')) },
  { name: 'memory', open: (): StreamTransport => new MemoryStreams() },
];

describe.each(stores)('tidying a stream in $name', ({ open }) => {
  let store: StreamTransport;
  let key: string;

  /** Everything is past its retention at once. */
  const tidy = (policy: Partial<TidyPolicy> = {}) => store.tidy(key, { retentionMs: -1_000, group: 'own', groupIdleMs: DAY, consumerIdleMs: DAY, ...policy });
  const kept = async (): Promise<string[]> => (await store.range(key, '0', 2 * MANY)).map(({ id }) => id);
  const add = async (count: number): Promise<string[]> => {
    await store.write(Array.from({ length: count }, () => ({ key, fields: ['id', 'x'] })));
    return kept();
  };
  const refOf = (group: string, consumer = 'one'): GroupRef => ({ key, group, consumer });
  const read = async (group: string, count: number, consumer?: string): Promise<string[]> => {
    const reader = store.openReader();
    const entries = await reader.readGroup(refOf(group, consumer), count, 0);
    reader.close();
    return entries.map(({ id }) => id);
  };
  const acknowledge = (group: string, ids: readonly string[]) => store.write([{ key, group, ids }]);
  const handle = async (group: string, count: number): Promise<void> => void (await acknowledge(group, await read(group, count)));

  beforeEach(() => {
    store = open();
    key = newId();
  });
  afterEach(() => store.close());

  it('removes nothing that a group, its own or another, has not acknowledged', async () => {
    for (const group of ['own', 'outside']) await store.createGroup(key, group);
    const all = await add(MANY);
    await handle('own', MANY);
    await tidy();
    expect(await kept()).toEqual(all); // the other has read nothing
    const taken = await read('outside', MANY);
    await acknowledge('outside', [...taken.slice(0, 250), ...taken.slice(251)]);
    await tidy();
    const left = await kept();
    expect(left).toContain(taken[250]); // read and not acknowledged, unlike what surrounds it
    expect(left.length).toBeLessThan(MANY);
    await acknowledge('outside', taken.slice(250, 251));
    await tidy();
    expect((await kept()).length).toBeLessThanOrEqual(100);
  });

  it('removes nothing while it is young', async () => {
    await store.createGroup(key, 'own');
    await add(MANY);
    await handle('own', MANY);
    await tidy({ retentionMs: 60_000 });
    expect(await kept()).toHaveLength(MANY);
  });

  it('removes nothing that the own group could still need, when that is missing', async () => {
    await add(MANY);
    await tidy();
    await store.createGroup(key, 'outside');
    await handle('outside', MANY);
    await tidy();
    expect(await kept()).toHaveLength(MANY);
  });

  it('removes by time what no group reads and none of NEXUS ever will', async () => {
    await add(MANY);
    await tidy({ group: undefined, retentionMs: 60_000 });
    expect(await kept()).toHaveLength(MANY);
    await tidy({ group: undefined });
    expect((await kept()).length).toBeLessThanOrEqual(100);
  });

  it('drops a group that was given up and holds up the rest, and says so; never the own, and none that lacks nothing', async () => {
    for (const group of ['own', 'behind', 'holding', 'idle']) await store.createGroup(key, group);
    await add(MANY);
    await read('holding', MANY); // and acknowledges nothing
    await handle('idle', MANY);
    expect(await tidy({ groupIdleMs: 60_000 })).toEqual([]); // not for long enough
    const dropped: IdleGroup[] = [];
    await expect.poll(async () => dropped.push(...(await tidy({ groupIdleMs: 100 })))).toBe(2);
    expect(dropped.map(({ name, waitedMs }) => [name, waitedMs >= 100])).toEqual([['behind', true], ['holding', true]]);
    expect(await tidy({ groupIdleMs: 0 })).toEqual([]);
    expect(await kept()).toHaveLength(MANY); // the own group has read nothing
    await handle('own', MANY);
    expect(await tidy({ groupIdleMs: 0 })).toEqual([]);
    expect((await kept()).length).toBeLessThanOrEqual(100);
    await expect(read('behind', 1)).rejects.toThrow('NOGROUP');
  });

  it('keeps a group for which somebody reads, however far behind it is', async () => {
    for (const group of ['own', 'slow']) await store.createGroup(key, group);
    const all = await add(MANY);
    await handle('own', MANY);
    await expect.poll(async () => {
      await read('slow', 1);
      return (await tidy({ groupIdleMs: 100 })).length > 0 || Date.now() - Number(all[0]?.split('-')[0]) > 400;
    }).toBe(true);
    await expect(read('slow', 1)).resolves.toHaveLength(1);
    expect(await kept()).toEqual(all);
  });
});

describe('consumers that are gone, in redis', () => {
  it('are forgotten unless they hold entries, and a reader that waits is not disturbed', async () => {
    const store = new RedisStreams(inject('redisUrl'));
    const raw = new Redis(inject('redisUrl'));
    onTestFinished(async () => {
      await store.close();
      raw.disconnect();
    });
    const key = newId();
    const names = async (): Promise<string[]> => ((await raw.xinfo('CONSUMERS', key, 'own')) as string[][]).map((consumer) => consumer[1] ?? '');
    const tidy = (consumerIdleMs: number) => store.tidy(key, { retentionMs: DAY, group: 'own', groupIdleMs: DAY, consumerIdleMs });
    const add = () => store.write([{ key, fields: ['id', 'x'] }]);
    await store.createGroup(key, 'own');
    for (const consumer of ['busy', 'gone', 'waits']) {
      await add();
      const [entry] = await store.openReader().readGroup({ key, group: 'own', consumer }, 1, 0);
      if (consumer !== 'busy') await store.write([{ key, group: 'own', ids: [entry?.id ?? ''] }]);
    }
    await tidy(60_000);
    expect(await names()).toEqual(['busy', 'gone', 'waits']);
    const waiting = store.openReader().readGroup({ key, group: 'own', consumer: 'waits' }, 1, 2_000);
    await tidy(0);
    expect(await names()).toEqual(['busy']);
    await add();
    expect(await waiting).toHaveLength(1);
    expect(await names()).toEqual(['busy', 'waits']);
  });
});
