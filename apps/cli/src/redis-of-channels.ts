import { AppError } from '@nexus/core';
import type { CliConfig } from './config.js';
import type { DataFolder } from './data-folder.js';

/** The Redis that holds the channels: REDIS_URL, else the private one of a NEXUS that runs here. Throws AppError `no_redis` that says what to do. */
export function redisOfChannels(config: Pick<CliConfig, 'redisUrl'>, folder: Pick<DataFolder, 'running'>): string {
  if (config.redisUrl !== undefined) return config.redisUrl;
  const running = folder.running();
  if (running?.redisUrl !== undefined) return running.redisUrl;
  if (running?.bus === 'memory') {
    throw new AppError('no_redis', 'NEXUS runs with its in-memory twin of Redis: its channels are inside its process, and this command needs Redis. Install redis-server (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) and start NEXUS again.');
  }
  if (running?.bus === 'redis') throw new AppError('no_redis', 'NEXUS runs with a Redis of its REDIS_URL: set the same REDIS_URL for this command.');
  throw new AppError('no_redis', 'There is no Redis to look at: set REDIS_URL, or start NEXUS with `npm start` on a machine that has redis-server.');
}
