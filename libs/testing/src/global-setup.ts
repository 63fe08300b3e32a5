import { AppError } from '@nexus/core';
import { startPostgres, startRedis } from '@nexus/embedded';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  // The two servers of the run, for createDatabase() and createKeyspace().
  interface ProvidedContext {
    readonly postgresUrl: string;
    readonly redisUrl: string;
  }
}

/** How many logical databases the run's Redis has: one for each call of createKeyspace(). */
const KEYSPACES = 4096;

/**
 * Starts one private Postgres and one private Redis for the whole run, and returns what stops them. Without a redis-server on the
 * PATH the run fails with the advice to install it: nothing is skipped.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [postgres, redis] = await Promise.allSettled([startPostgres({ persistent: false, settings: { max_connections: 300 } }), startRedis({ appendonly: false, databases: KEYSPACES })]);
  const stop = async (): Promise<void> => {
    if (postgres.status === 'fulfilled') await postgres.value.stop();
    if (redis.status === 'fulfilled') await redis.value.stop();
  };
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    await stop();
    const failed = [postgres, redis].flatMap((outcome) => (outcome.status === 'rejected' ? [AppError.from(outcome.reason).message] : []));
    throw new AppError('test_servers_failed', failed.join('\n'));
  }
  project.provide('postgresUrl', postgres.value.url());
  project.provide('redisUrl', redis.value.url);
  return stop;
}
