import type { Look } from './examination.js';
import { lookAtAttempts, lookAtDeadLetters } from './look-at-leftovers.js';
import { lookAtContainers } from './look-at-containers.js';
import { lookAtMachine } from './look-at-machine.js';
import { lookAtPrices, lookAtProviders } from './look-at-models.js';
import { lookAtPostgres } from './look-at-postgres.js';
import { lookAtRedis } from './look-at-redis.js';
import { lookAtServices } from './look-at-services.js';

/** Everything that `nexus doctor` looks at, in the order in which it is told. */
export const looks: readonly Look[] = [
  { subject: 'machine', look: lookAtMachine },
  { subject: 'containers', look: lookAtContainers },
  { subject: 'redis', look: lookAtRedis },
  { subject: 'postgres', look: lookAtPostgres },
  { subject: 'services', look: lookAtServices },
  { subject: 'dead letters', look: lookAtDeadLetters },
  { subject: 'ledger', look: lookAtAttempts },
  { subject: 'prices', look: lookAtPrices },
  { subject: 'providers', look: lookAtProviders },
];
