import type { ProviderStatus } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID } from '@nexus/core';
import { ServiceClients, asTenant, createLogger, readConfig, type RuntimeConfig } from '@nexus/runtime';
import type { Environment } from '../config.js';
import { ensureDailyCeiling } from './development-budget.js';
import type { OpenChannels } from './open-channels.js';
import type { OpenLog } from './open-log.js';
import { startServices } from './start-services.js';
import type { StopList } from './stop-list.js';
import { together } from './together.js';

/** All services in this process, on one bus. */
export interface ComposedServices {
  /** Of the gateway. */
  readonly url: string;
  readonly clients: ServiceClients;
  readonly config: RuntimeConfig;
  readonly providers: readonly ProviderStatus[];
  /** In micro-USD; undefined when the development tenant has no ceiling. */
  readonly dailyLimit: number | undefined;
}

/** Starts the services with this environment. This file loads all of them: import it when it is needed. */
export async function composeServices(environment: Environment, { bus, logTo }: OpenChannels, log: OpenLog, stops: StopList): Promise<ComposedServices> {
  const config = readConfig(environment, 'gateway');
  const clients = new ServiceClients({ serviceToken: config.serviceToken, urls: config.urls });
  stops.add(async () => clients.close());
  const logger = createLogger({ level: config.logLevel, destination: log });
  logTo(logger);
  const gateway = await startServices({ bus, clients, logger, environment, config }, stops);
  const [dailyLimit, { providers }] = await together(ensureDailyCeiling(clients), clients.providers.listProviders({}, asTenant(DEVELOPMENT_TENANT_ID)));
  return { url: gateway.url ?? '', clients, config, providers, dailyLimit };
}
