import { DeadLetterCensus, DeadLetterSelections } from '@nexus/postgres';
import { readDeadLetterConfig } from '../config.js';
import { deleteHourly } from '../delete-hourly.js';
import type { Infrastructure } from '../infrastructure.js';
import { deadLetterBinding } from '../rpc/dead-letter-service.js';
import type { RpcBinding } from '../rpc/rpc-service.js';
import type { ServiceParts } from '../runtime.module.js';
import type { ServiceDefinition } from '../service-definition.js';
import type { Teardown } from '../teardown.js';
import { DeadLetterWatch } from './dead-letter-watch.js';

/** Measures a service's dead letters and lets old ones go until it ends; gives what serves them. Nothing for a service without storage. */
export function serveDeadLetters({ name, storage }: ServiceDefinition, infrastructure: Infrastructure, parts: ServiceParts, teardown: Teardown): RpcBinding[] {
  const { bus, clock, database, environment } = infrastructure;
  const { deadLetters: letters, logger, metrics } = parts;
  if (storage === undefined || database === undefined || letters === undefined) return [];
  const watch = new DeadLetterWatch({ census: new DeadLetterCensus(database, storage.schema), metrics, service: name, clock, logger, ...readDeadLetterConfig(environment, name) });
  teardown.add(watch.start());
  teardown.add(deleteHourly('dead letters', () => watch.expire(), logger));
  return [deadLetterBinding({ letters, selections: new DeadLetterSelections(database, storage.schema, clock), bus, clock, logger, service: name })];
}
