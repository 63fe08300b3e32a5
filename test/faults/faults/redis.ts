import type { RawEntry } from '../load/sightings.js';
import { pause } from '../pause.js';
import { works } from '../timeline.js';
import type { Fault, FaultContext } from './fault.js';

const channelsOfWork = ['requests.incoming', 'inference.request', 'inference.response', 'tools.execute', 'tools.results', 'usage.recorded'];
const FULL_MS = 3_000;

/** kill -9 and a start on the AOF. */
export const redisKill: Fault = {
  name: 'Redis kill -9',
  affects: works,
  isLoss: true,
  isOutage: true,
  happen: async ({ cluster, random }) => {
    await cluster.redis.crash();
    await pause(random.int(200, 1_500));
    await cluster.redis.start();
    return 'it was killed and started again';
  },
};

/** The same, and the last bytes of the AOF never reached the disk. */
export const redisTailCut: Fault = {
  name: 'Redis AOF tail cut',
  affects: works,
  isLoss: true,
  isOutage: true,
  happen: async ({ cluster, random }) => {
    await cluster.redis.crash();
    const cut = cluster.redis.cutTail(random.int(500, 20_000));
    await cluster.redis.start();
    return cut > 0 ? `${cut} bytes were cut off` : undefined;
  },
};

/** FLUSHALL. What the streams of answers held at that moment is read in the same step, so that the harness misses none. */
export const flushAll: Fault = {
  name: 'FLUSHALL',
  affects: works,
  isLoss: true,
  happen: async ({ redis, sightings }) => {
    const streams = sightings.streams;
    const keys = await redis.dbsize();
    const transaction = redis.multi();
    for (const stream of streams) transaction.xrangeBuffer(stream, '-', '+');
    transaction.flushall();
    const replies = await transaction.exec();
    streams.forEach((stream, index) => sightings.take(stream, (replies?.[index]?.[1] ?? []) as unknown as RawEntry[]));
    return keys > 0 ? `${keys} keys are gone` : undefined;
  },
};

/** XGROUP DESTROY of every service's group. */
export const groupsDestroyed: Fault = {
  name: 'XGROUP DESTROY',
  affects: works,
  happen: async ({ redis }) => {
    let destroyed = 0;
    for (const channel of channelsOfWork) {
      const groups = (await redis.xinfo('GROUPS', channel).catch(() => [])) as string[][];
      for (const group of groups) destroyed += Number(await redis.xgroup('DESTROY', channel, group[1] ?? ''));
    }
    return destroyed > 0 ? `${destroyed} groups are gone` : undefined;
  },
};

/** Redis takes no more writes for a while, as without memory under `noeviction`. */
export const redisFull: Fault = {
  name: 'Redis full',
  affects: works,
  happen: async ({ redis }) => {
    await redis.config('SET', 'maxmemory', '1');
    try {
      const refusal = await redis.xadd('faults.full', '*', 'a', 'b').then(() => undefined, (error: Error) => error.message);
      await pause(FULL_MS);
      return refusal;
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
  },
};

/** The reply to a publish is lost after Redis has it. */
export const publishReplyLost: Fault = {
  name: 'publish reply lost',
  affects: works,
  happen: async ({ cluster, random }: FaultContext) => {
    const replica = random.pick(cluster.of('orchestrator'));
    return replica.options.redis.loseReplyTo('inference.request', AbortSignal.timeout(10_000)).then(() => `that of ${replica.name}`, () => undefined);
  },
};
