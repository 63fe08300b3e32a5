import type { Redis } from 'ioredis';
import type { QueryResultRow } from 'pg';

import type { Cluster } from '../cluster/cluster.js';
import type { ServiceName } from '../cluster/replica.js';
import type { Sightings } from '../load/sightings.js';
import type { Random } from '../random.js';
import type { Work } from '../timeline.js';

/** Asks Postgres; answers the rows. */
export type Query = <Row extends QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/** What a fault may touch. */
export interface FaultContext {
  readonly cluster: Cluster;
  readonly random: Random;
  /** Straight to Redis, past every proxy. */
  readonly redis: Redis;
  /** Straight to Postgres, as a superuser. */
  readonly query: Query;
  readonly sightings: Sightings;
}

/** One thing that goes wrong, and is put right again. */
export interface Fault {
  readonly name: string;
  readonly affects: readonly Work[];
  /** Redis may lose entries by it. */
  readonly isLoss?: boolean;
  /** A server is down meanwhile, so that services may fail to start. */
  readonly isOutage?: boolean;
  /** It lasts, and replicas that it does not touch go on with the work meanwhile. */
  readonly sparesReplicas?: boolean;
  /** Resolves, when all is put right, with why it is known that it happened; undefined when it did not. */
  happen(context: FaultContext): Promise<string | undefined>;
}

/** The kinds of work that need a service. */
export const workOf: Readonly<Record<ServiceName, readonly Work[]>> = {
  gateway: ['completion', 'stream'],
  orchestrator: ['run'],
  'provider-router': ['modelCall'],
  usage: ['modelCall'],
  'tool-executor': ['toolRun'],
  settings: ['setting'],
};

/** The replica that reads requests.incoming, by the lease that lasts longest. */
export async function leaseOwner({ query }: Pick<FaultContext, 'query'>): Promise<string | undefined> {
  const rows = await query<{ owner: string }>('SELECT owner FROM orchestrator.partition_lease ORDER BY expires_at DESC LIMIT 1');
  return rows[0]?.owner;
}
