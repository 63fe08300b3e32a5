import { newId } from '@nexus/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, inject } from 'vitest';
import type {} from './global-setup.js';

/** Keys of one's own. For FLUSHALL, kill -9 and other violence take a server of your own: startRedis() of @nexus/embedded. */
export interface TestKeyspace {
  /** A URL that ends in a logical database which nobody else uses: plain channel names are safe there, and FLUSHDB too. */
  readonly url: string;
  /** Unlike any other of the run, e.g. for publish/subscribe, which all logical databases see. */
  readonly prefix: string;
  /** Removes its keys. */
  drop(): Promise<void>;
}

/** New, empty keys on the run's Redis. */
export async function createKeyspace(): Promise<TestKeyspace> {
  const index = await ask(inject('redisUrl'), (redis) => redis.incr('keyspaces'));
  const url = `${inject('redisUrl')}/${index}`;
  const drop = async (): Promise<void> => {
    await ask(url, (redis) => redis.flushdb());
  };
  return { url, prefix: `test-${newId()}:`, drop };
}

/** Keys for the tests of this file or `describe`: empty before the first, removed after the last. Read it inside of tests. */
export function redisTest(): { readonly url: string; readonly prefix: string } {
  let keyspace: TestKeyspace | undefined;
  beforeAll(async () => {
    keyspace = await createKeyspace();
  });
  afterAll(() => keyspace?.drop());
  const known = (): TestKeyspace => {
    if (keyspace === undefined) throw new Error('redisTest() knows its url once the tests run: read it in a test or a hook.');
    return keyspace;
  };
  return {
    get url(): string {
      return known().url;
    },
    get prefix(): string {
      return known().prefix;
    },
  };
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
