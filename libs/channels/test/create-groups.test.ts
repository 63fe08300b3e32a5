import { Redis } from 'ioredis';
import { redisTest } from '@nexus/testing';
import { expect, it } from 'vitest';
import { createGroups, redisBus } from '../src/index.js';
import { usage } from './bus-test.js';

const redis = redisTest();

/** What a scaler counts: entries that the group was not handed yet. */
async function lag(key: string): Promise<unknown> {
  const client = new Redis(redis.url);
  const [group] = (await client.xinfo('GROUPS', key)) as unknown[][];
  client.disconnect();
  return group?.[group.indexOf('lag') + 1];
}

it('makes the groups of a service, with which everything published from then on is its own and counted', async () => {
  expect(await createGroups(redis.url, 'usage', redis.prefix)).toEqual(['usage.recorded']);
  expect(await createGroups(redis.url, 'orchestrator', redis.prefix)).toEqual(['requests.incoming', 'inference.response', 'tools.results']);
  expect(await createGroups(redis.url, 'gateway', redis.prefix)).toEqual([]);
  const bus = redisBus(redis.url, { prefix: redis.prefix });
  await bus.publish(usage('1'));
  await bus.close();
  expect(await lag(`${redis.prefix}usage.recorded`)).toBe(1);
});

it('leaves a group that is there where it stands', async () => {
  const key = `${redis.prefix}usage.recorded`;
  const client = new Redis(redis.url);
  await client.xgroup('SETID', key, 'usage', '$');
  await createGroups(redis.url, 'usage', redis.prefix);
  client.disconnect();
  expect(await lag(key)).toBe(0);
});
