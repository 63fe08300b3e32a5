import type { ChannelBus } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import type { Environment } from './config.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics/metrics.js';
import type { ServiceClients } from './rpc/service-clients.js';

/** What a service stands on. Whoever makes it closes it; a service only stops using it. */
export interface Infrastructure {
  readonly bus: ChannelBus;
  readonly database?: Database;
  readonly clients: ServiceClients;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly serviceToken: string;
  readonly replica: string;
  /** Milliseconds; default: the channels' own. */
  readonly claimIdleMs?: number | undefined;
  /** Milliseconds; default: the store's own. */
  readonly keyedCallLeaseMs?: number | undefined;
  /** Shared by the services of a process, so that the port of one shows those of all; default: the service's own. */
  readonly metrics?: Metrics;
}
