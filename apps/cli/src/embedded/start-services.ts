import type { ChannelBus } from '@nexus/channels';
import { systemClock } from '@nexus/core';
import { gatewayService } from '@nexus/gateway/module';
import { orchestratorService } from '@nexus/orchestrator/module';
import type { Database } from '@nexus/postgres';
import { providerRouterService } from '@nexus/provider-router/module';
import { Metrics, openDatabase, startService, type Infrastructure, type Logger, type RunningService, type RuntimeConfig, type ServiceClients, type ServiceDefinition, type ServiceName } from '@nexus/runtime';
import { settingsService } from '@nexus/settings/module';
import { toolExecutorService } from '@nexus/tool-executor/module';
import { usageService } from '@nexus/usage/module';
import type { Environment } from '../config.js';
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

/** Ground with what this process makes for its services: one port shows what all of them measure. */
type SharedGround = Ground & { readonly metrics: Metrics };

/**
 * Started group after group. What an earlier start left in the channels is handled at once, so whoever is asked while handling it is
 * there before; the gateway comes last.
 */
const groups: readonly (readonly ServiceDefinition[])[] = [[settingsService, usageService, toolExecutorService], [providerRouterService], [orchestratorService]];

/** Work under way has this long to finish when NEXUS stops: all of it must be over within 5 s, the database's own end included. */
const MOST_GRACE_MS = 1_000;

/** Migrates and starts every service in this process. Resolves to the gateway, the only one that listens; it is stopped first, then the others. */
export async function startServices(given: Ground, stops: StopList): Promise<RunningService> {
  const ground: SharedGround = { ...given, metrics: new Metrics() };
  const databases = await openDatabases(groups.flat(), ground, stops);
  const behind: RunningService[] = [];
  // At the same time: what is not finished then goes on at the next start, and a trace collector that is down costs each a second.
  stops.add((graceMs) => Promise.all(behind.map((service) => service.stop(Math.min(graceMs, MOST_GRACE_MS)))));
  for (const group of groups) {
    await together(...group.map(async (definition) => {
      behind.push(await startService(definition, infrastructureOf(definition, ground, databases), { listen: false }));
    }));
  }
  const { host, port } = ground.config;
  const gateway = await startService(gatewayService, infrastructureOf(gatewayService, ground, databases), { listen: true, host, port }).catch(async (error: unknown) => {
    throw await addressError(error, host, port);
  });
  stops.add((graceMs) => gateway.stop(Math.min(graceMs, MOST_GRACE_MS)));
  return gateway;
}

type Databases = ReadonlyMap<ServiceName, Database | undefined>;

async function openDatabases(definitions: readonly ServiceDefinition[], { config, logger }: Ground, stops: StopList): Promise<Databases> {
  const opened = await together(...definitions.map(async (definition) => {
    const database = await openDatabase(definition, config, logger);
    if (database !== undefined) stops.add(() => database.close());
    return [definition.name, database] as const;
  }));
  return new Map(opened);
}

function infrastructureOf({ name }: ServiceDefinition, ground: SharedGround, databases: Databases): Infrastructure {
  const { bus, clients, logger, environment, config, metrics } = ground;
  const database = databases.get(name);
  return { bus, clients, logger, environment, metrics, clock: systemClock, serviceToken: config.serviceToken, replica: config.replica, ...(database !== undefined && { database }) };
}
