import { AppError } from '@nexus/core';
import { Redis } from 'ioredis';
import { findRedisServer } from './find-redis-server.js';
import { startPrivateServer, type PrivateServer, type PrivateServerOptions } from './private-server.js';
import { openServerFolder } from './server-folder.js';

/** How to start a private Redis. */
export interface RedisOptions extends PrivateServerOptions {
  /** True: writes are on disk within a second. False: everything goes with the server. */
  readonly appendonly: boolean;
  /** How many logical databases it has; 16 by default. */
  readonly databases?: number;
  /** Beyond it nothing is taken any more; without it, as much as the machine has. */
  readonly maxMemoryMb?: number;
}

/** A private Redis that accepts connections. Like any Redis without a password it trusts every user of this machine. */
export interface RedisServer extends PrivateServer {
  readonly url: string;
}

/**
 * Starts the redis-server of PATH on 127.0.0.1, never evicting, without snapshots, and resolves once it has read its files. Throws
 * an AppError: `redis_server_missing`, `embedded_in_use` (another NEXUS has the folder), `port_taken`, `embedded_redis_failed`,
 * `embedded_folder_owner`, `embedded_folder_unreachable`. A server left behind by a dead owner is ended first. The server dies with
 * this process, kill -9 included.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const program = findRedisServer();
  if (program === undefined) {
    throw new AppError('redis_server_missing', 'There is no redis-server 7.0 or later on the PATH. Install it (Debian, Ubuntu: `apt-get install redis-server`; macOS: `brew install redis`), or set REDIS_URL.');
  }
  const isTemporary = options.dataDir === undefined;
  const server = await startPrivateServer(
    {
      name: 'Redis',
      failureCode: 'embedded_redis_failed',
      filesName: 'files',
      pidFile: 'redis.pid',
      openFiles: (folder, account) => openServerFolder(folder, 'files', account, () => Promise.resolve()),
      command: (files, port) => ({ program, args: redisArguments(files, port, options) }),
      answers: (process, port) => answersAs(process.pid, port),
      isPassing: () => false,
      stopSteps: isTemporary ? [] : [{ signal: 'SIGTERM', graceMs: 3_000 }],
      orphanPlan: { signal: isTemporary ? 'KILL' : 'TERM' },
    },
    options,
  );
  return { ...server, url: `redis://127.0.0.1:${server.port}` };
}

function redisArguments(files: string, port: number, { appendonly, databases = 16, maxMemoryMb }: RedisOptions): string[] {
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    dir: files,
    pidfile: `${files}/redis.pid`,
    // Its command line keeps naming its folder, by which the next start knows it.
    'set-proc-title': 'no',
    databases: String(databases),
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    ...(maxMemoryMb !== undefined && { maxmemory: `${maxMemoryMb}mb` }),
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** A stranger's Redis on the same port does not count, nor does one that still loads its files. */
async function answersAs(pid: number, port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const info = await redis.info();
    return info.includes(`process_id:${pid}\r`) && info.includes('loading:0\r');
  } finally {
    redis.disconnect();
  }
}
