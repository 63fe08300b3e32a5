import type { ChannelBus } from '@nexus/channels';
import { systemClock } from '@nexus/core';
import type { Infrastructure, Logger, RunningService, RuntimeConfig, ServiceClients, ServiceDefinition } from '@nexus/runtime';
import type { Environment } from '../config.js';
import type { LoadedServices } from './load-services.js';
import { addressError } from './port-check.js';
import type { StopList } from './stop-list.js';
import { together } from './together.js';

/** What all services of this process stand on. */
export interface Ground {
  readonly bus: ChannelBus;
  readonly clients: ServiceClients;
  readonly logger: Logger;
  /** Of the services: their secrets and URLs are in it. */
  readonly environment: Environment;
  readonly config: RuntimeConfig;
}

/** Work under way has this long to finish when NEXUS stops: all of it must be over within 5 s, the database's own end included. */
const MOST_GRACE_MS = 1_000;

/** Migrates and starts every service in this process. Resolves to the gateway, the only one that listens; they are stopped in reverse. */
export async function startServices({ runtime, groups, gateway }: LoadedServices, ground: Ground, stops: StopList): Promise<RunningService> {
  const databases = openDatabases([...groups.flat(), gateway], ground, runtime, stops);
  // Whatever fails first is the error that is told.
  databases.catch(() => undefined);
  const infrastructureOf = async ({ name }: ServiceDefinition): Promise<Infrastructure> => {
    const { bus, clients, logger, environment, config } = ground;
    const database = (await databases).get(name);
    return { bus, clients, logger, environment, clock: systemClock, serviceToken: config.serviceToken, replica: config.replica, ...(database !== undefined && { database }) };
  };
  for (const group of groups) {
    const running = await together(...group.map(async (definition) => runtime.startService(definition, await infrastructureOf(definition), { listen: false })));
    stops.add((graceMs) => Promise.all(running.map((service) => service.stop(Math.min(graceMs, MOST_GRACE_MS)))));
  }
  const { host, port } = ground.config;
  const running = await runtime.startService(gateway, await infrastructureOf(gateway), { listen: true, host, port }).catch(async (error: unknown) => {
    throw await addressError(error, host, port);
  });
  stops.add((graceMs) => running.stop(Math.min(graceMs, MOST_GRACE_MS)));
  return running;
}

async function openDatabases(definitions: readonly ServiceDefinition[], { config, logger }: Ground, runtime: LoadedServices['runtime'], stops: StopList) {
  const opened = await together(...definitions.map(async (definition) => {
    const database = await runtime.openDatabase(definition, config, logger);
    if (database !== undefined) stops.add(() => database.close());
    return [definition.name, database] as const;
  }));
  return new Map(opened);
}
