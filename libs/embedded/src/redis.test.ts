import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { processBeginning } from './process-identity.js';
import { startRedis, type RedisOptions, type RedisServer } from './redis.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-redis-'));
  chmodSync(folder, 0o755);
  // Runs last of what a test registers here: after the servers have stopped.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function start(options: Partial<RedisOptions> = {}): Promise<RedisServer> {
  const server = await startRedis({ appendonly: true, dataDir: join(folder, 'redis'), ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

it('keeps its entries over a stop and over kill -9', async () => {
  const first = await start();
  await ask(first.url, (redis) => redis.xadd('stream', '*', 'a', '1'));
  await first.stop();
  expect(processBeginning(first.pid)).toBeUndefined();

  const second = await start();
  await ask(second.url, (redis) => redis.xadd('stream', '*', 'a', '2'));
  process.kill(second.pid, 'SIGKILL');
  expect(await second.exited).toBe('was ended by SIGKILL');
  await second.stop();

  const third = await start({ port: second.port });
  expect(third.url).toBe(second.url);
  expect(await ask(third.url, (redis) => redis.xlen('stream'))).toBe(2);
});

it('never evicts, takes no snapshots and listens on 127.0.0.1 only', async () => {
  const server = await start({ databases: 40 });
  const settings = await ask(server.url, (redis) => redis.config('GET', 'maxmemory-policy', 'save', 'bind', 'databases', 'appendonly', 'appendfsync'));
  const pairs = Object.fromEntries(settings.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : [])));
  expect(pairs).toEqual({ 'maxmemory-policy': 'noeviction', save: '', bind: '127.0.0.1', databases: '40', appendonly: 'yes', appendfsync: 'everysec' });
});

it('refuses a folder that is in use, and a port that is taken', async () => {
  const first = await start();
  await expect(start()).rejects.toMatchObject({ code: 'embedded_in_use' });
  await expect(start({ dataDir: join(folder, 'other'), port: first.port })).rejects.toMatchObject({ code: 'port_taken' });
  expect(await ask(first.url, (redis) => redis.ping())).toBe('PONG');
});

it('takes its temporary folder with it', async () => {
  const server = await start({ appendonly: false, dataDir: undefined });
  expect(existsSync(server.filesDir)).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  expect(existsSync(dirname(server.filesDir))).toBe(false);
});
