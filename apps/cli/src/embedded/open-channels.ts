import { join } from 'node:path';
import type { ChannelBus } from '@nexus/channels';
import { AppError } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import type { CliContext } from '../cli-context.js';
import type { ChannelsFound } from '../format/found.js';
import { placeOf } from '../format/place-of.js';
import type { EndRequest } from './end-request.js';
import type { StopList } from './stop-list.js';
import { unexpectedEnd } from './unexpected-end.js';

/** For some hundred thousand messages that wait; more are refused. */
const MAX_MEMORY_MB = 1_024;

export interface OpenChannels {
  readonly bus: ChannelBus;
  readonly found: ChannelsFound;
  /** Where the bus warns from now on. */
  readonly logTo: (logger: Logger) => void;
}

/** The channels on the Redis of REDIS_URL, else on a private redis-server when there is one on the PATH, else in this process's memory. */
export async function openChannels({ config }: CliContext, stops: StopList, end: EndRequest): Promise<OpenChannels> {
  const { memoryBus, redisBus } = await import('@nexus/channels');
  const found = config.redisUrl === undefined ? await privateRedis(config.dataDir, stops, end) : ({ kind: 'given', place: placeOf(config.redisUrl) } as const);
  const url = found.kind === 'private' ? found.url : config.redisUrl;
  const { busReports } = await import('@nexus/runtime');
  let logger: Logger | undefined;
  const reports = busReports(() => logger);
  const bus = url === undefined ? memoryBus(reports) : redisBus(url, { prefix: config.redisPrefix, ...reports });
  stops.add(() => bus.close());
  try {
    await bus.ping();
  } catch (cause) {
    throw new AppError('redis_unreachable', `Redis does not answer at ${url === undefined ? 'all' : placeOf(url)}. Start it, correct REDIS_URL, or leave REDIS_URL out: then NEXUS brings its own.`, { cause });
  }
  return { bus, found, logTo: (given) => void (logger = given) };
}

async function privateRedis(dataDir: string, stops: StopList, end: EndRequest): Promise<ChannelsFound> {
  const { findRedisServer, startRedis } = await import('@nexus/embedded');
  if (findRedisServer() === undefined) return { kind: 'twin' };
  const folder = join(dataDir, 'redis');
  const server = await startRedis({ dataDir: folder, appendonly: true, maxMemoryMb: MAX_MEMORY_MB });
  let isWanted = true;
  stops.add(() => {
    isWanted = false;
    return server.stop();
  });
  void server.exited.then((how) => isWanted && end.broken(unexpectedEnd('Redis', how, folder)));
  return { kind: 'private', url: server.url };
}
