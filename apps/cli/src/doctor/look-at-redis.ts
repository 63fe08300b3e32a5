import { channelNames, channels } from '@nexus/contracts';
import { Redis } from 'ioredis';
import { findingsOf, type Finding } from '../domain/doctor/finding.js';
import { judgeChannels, type GroupFacts } from '../domain/doctor/judge-channels.js';
import { judgeRedis } from '../domain/doctor/judge-redis.js';
import { judgeClock } from '../domain/doctor/judge-machine.js';
import { redisOfChannels } from '../redis-of-channels.js';
import type { ExaminedPlace } from './examination.js';

const { warning, failure } = findingsOf('redis');

/** Redis itself, and the channels in it. */
export async function lookAtRedis({ context: { config, folder } }: ExaminedPlace): Promise<readonly Finding[]> {
  if (config.redisUrl === undefined && folder.running()?.bus === 'memory') {
    return [warning('NEXUS runs with its in-memory twin of Redis', 'It is for trying NEXUS: install redis-server and start NEXUS again before anybody relies on it.')];
  }
  const redis = new Redis(redisOfChannels(config, folder), { protocol: 2, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null, connectTimeout: 5_000, connectionName: 'nexus-doctor' });
  redis.on('error', () => undefined); // every command reports its own failure
  try {
    await redis.connect();
  } catch {
    return [failure('Redis does not answer', 'Start it, or correct REDIS_URL.')];
  }
  try {
    await redis.ping(); // the first one pays for the connection
    const asked = performance.now();
    await redis.ping();
    const pingMs = performance.now() - asked;
    const before = Date.now();
    const [seconds = 0] = (await redis.time()).map(Number);
    const clock = judgeClock({ of: 'Redis', aheadMs: seconds * 1_000 + 500 - (before + Date.now()) / 2, uncertainMs: 500 + Date.now() - before });
    const info = fieldsOf(await redis.info());
    const groups = (await Promise.all(channelNames.map((name) => groupsOf(redis, config.redisPrefix, name)))).flat();
    return [...judgeRedis({ info, config: await configOf(redis), pingMs }), clock, ...judgeChannels(groups)];
  } finally {
    redis.disconnect();
  }
}

/** `key:value` lines. */
function fieldsOf(info: string): Record<string, string> {
  return Object.fromEntries(info.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
  }));
}

/** Managed Redis does not let its configuration be read. */
async function configOf(redis: Redis): Promise<Record<string, string>> {
  try {
    const pairs = await redis.config('GET', 'appendfsync', 'maxmemory-policy', 'stop-writes-on-bgsave-error');
    return Object.fromEntries(pairs.flatMap((name, place) => (place % 2 === 0 ? [[name, pairs[place + 1] ?? '']] : [])));
  } catch {
    return {};
  }
}

/** Replies of RESP2 are lists of names and values. */
function rowOf(reply: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(reply.flatMap((name, place) => (place % 2 === 0 ? [[String(name), reply[place + 1]]] : [])));
}

async function groupsOf(redis: Redis, prefix: string, name: (typeof channelNames)[number]): Promise<GroupFacts[]> {
  if (channels[name].delivery !== 'work' || channels[name].group === undefined) return [];
  const keys = [`${prefix}${name}`, ...(await partitionsOf(redis, `${prefix}${name}`))];
  const found = await Promise.all(keys.map(async (key) => {
    const groups = (await redis.xinfo('GROUPS', key).catch(() => [])) as unknown[][]; // nothing was published yet
    return Promise.all(groups.map((group) => groupOf(redis, key, rowOf(group))));
  }));
  return found.flat();
}

async function partitionsOf(redis: Redis, key: string): Promise<string[]> {
  const [, keys] = await redis.scan('0', 'MATCH', `${key}.{*}`, 'COUNT', 1_000);
  return keys;
}

/** What waits is counted from the place that the group has read to: after Redis 7.0 has read its append-only file back, its own `lag` is too large. */
async function groupOf(redis: Redis, key: string, group: Record<string, unknown>): Promise<GroupFacts> {
  const name = String(group['name']);
  const next = (await redis.xrange(key, `(${String(group['last-delivered-id'])}`, '+', 'COUNT', 1_000)) as readonly [string, unknown][];
  const consumers = (await redis.xinfo('CONSUMERS', key, name)) as unknown[][];
  const oldest = Number(next[0]?.[0].split('-')[0] ?? Date.now());
  return {
    channel: key, group: name,
    waiting: next.length < 1_000 ? next.length : undefined,
    oldestMs: Math.max(0, Date.now() - oldest),
    pending: Number(group['pending']),
    consumers: consumers.map(rowOf).map((row) => ({ name: String(row['name']), idleMs: Number(row['idle']), pending: Number(row['pending']) })),
  };
}
