import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisStreams } from '../src/redis/redis-streams.js';

const key = 'work';
const ref = { key, group: 'own', consumer: 'one' };
let folder: string;
let server: RedisServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-lag-'));
  server = await startRedis({ appendonly: true, dataDir: folder });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What an autoscaler reads. */
async function lag(): Promise<unknown> {
  const client = new Redis(server.url);
  const [group] = (await client.xinfo('GROUPS', key)) as unknown[][];
  client.disconnect();
  return group?.[group.indexOf('lag') + 1];
}

async function handle(store: RedisStreams, count: number): Promise<void> {
  await store.write(Array.from({ length: count }, () => ({ key, fields: ['id', 'x'] })));
  const reader = store.openReader();
  const entries = await reader.readGroup(ref, 2 * count, 0);
  reader.close();
  await store.write([{ key, group: ref.group, ids: entries.map(({ id }) => id) }]);
}

const tidy = (store: RedisStreams) => store.tidy(key, { retentionMs: 60_000, group: ref.group, groupIdleMs: 60_000, consumerIdleMs: 60_000 });

async function rewrite(): Promise<void> {
  const client = new Redis(server.url);
  await client.bgrewriteaof();
  await expect.poll(async () => /aof_rewrite_in_progress:0[^]*aof_last_bgrewrite_status:ok/.test(await client.info('persistence')), { timeout: 20_000 }).toBe(true);
  client.disconnect();
}

async function restart(): Promise<RedisStreams> {
  await server.stop();
  server = await startRedis({ appendonly: true, dataDir: folder });
  return new RedisStreams(server.url);
}

describe.each([{ when: 'was rewritten', isRewritten: true }, { when: 'was only appended to', isRewritten: false }])('after Redis read an append-only file back that $when', ({ isRewritten }) => {
  it('the lag of a group is never told too small, and is right once it was handed everything', { timeout: 60_000 }, async () => {
    const store = new RedisStreams(server.url);
    await store.createGroup(key, ref.group);
    await handle(store, 10);
    if (isRewritten) await rewrite();
    await handle(store, 20);
    await store.close();

    const again = await restart();
    await again.write([{ key, fields: ['id', 'next'] }]);
    expect(await lag()).toBeGreaterThanOrEqual(1); // whoever sleeps is woken
    await handle(again, 5);
    await tidy(again);
    expect(await lag()).toBe(0);
    await again.write([{ key, fields: ['id', 'one more'] }]);
    expect(await lag()).toBe(1);
    await tidy(again);
    expect(await lag()).toBe(1);
    await again.close();
  });
});

it('a group whose count is not known, as older versions made it, gets one', async () => {
  const client = new Redis(server.url);
  await client.xgroup('CREATE', key, ref.group, '0', 'MKSTREAM');
  const store = new RedisStreams(server.url);
  await handle(store, 3);
  await client.xgroup('SETID', key, ref.group, (await client.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0] ?? '');
  await tidy(store);
  await store.write([{ key, fields: ['id', 'next'] }]);
  expect(await lag()).toBe(1);
  client.disconnect();
  await store.close();
});
