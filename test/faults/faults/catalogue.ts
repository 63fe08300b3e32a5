import { services } from '../cluster/cluster.js';
import { flushAll, groupsDestroyed, publishReplyLost, redisFull, redisKill, redisTailCut } from './redis.js';
import { commitRepliesLost, postgresRestart } from './postgres.js';
import type { Fault } from './fault.js';
import { partitions } from './network.js';
import { freeze, terminate } from './processes.js';

/** Every fault but the random kills and the failpoints. */
export const catalogue: readonly Fault[] = [
  redisKill, redisTailCut, flushAll, groupsDestroyed, redisFull, publishReplyLost, postgresRestart, ...commitRepliesLost, ...partitions,
  ...services.map(freeze), ...services.map(terminate),
];
