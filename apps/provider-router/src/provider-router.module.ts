import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ChannelBus } from '@nexus/channels';
import { newId, type Clock } from '@nexus/core';
import { BUS, CLIENTS, CLOCK, LOGGER, REPLICA, TENANT_SETTINGS, TRACER, defaultPorts, type Environment, type Logger, type ServiceClients, type ServiceDefinition, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { readRouterConfig } from './config.js';
import { AttemptOpener } from './handlers/attempt-opener.js';
import { CallsUnderWay } from './handlers/calls-under-way.js';
import { CompleteHandler } from './handlers/complete.handler.js';
import { loadPriceList } from './providers/load-price-list.js';
import { loadProviders } from './providers/load-providers.js';
import { Models } from './providers/models.js';
import { OpenAiCompatibleClient } from './providers/openai-compatible/openai-compatible-client.js';
import { providerRouterConsumer } from './provider-router.consumer.js';
import { ProviderRouterRpc } from './provider-router.rpc.js';

@Module({})
class ProviderRouterModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(Models) private readonly models: Models,
    @Inject(OpenAiCompatibleClient) private readonly client: OpenAiCompatibleClient,
  ) {}

  static of(environment: Environment): DynamicModule {
    const config = readRouterConfig(environment);
    const sources = { providers: loadProviders(config.providersFile), prices: loadPriceList(config.pricesFile), env: config.environment };
    return {
      module: ProviderRouterModule,
      controllers: [providerRouterConsumer(config.concurrency)],
      providers: [
        ProviderRouterRpc,
        { provide: CallsUnderWay, inject: [CLOCK], useFactory: (clock: Clock) => new CallsUnderWay(clock) },
        { provide: OpenAiCompatibleClient, useFactory: () => new OpenAiCompatibleClient() },
        { provide: Models, inject: [OpenAiCompatibleClient, CLOCK], useFactory: (client: OpenAiCompatibleClient, clock: Clock) => new Models(sources, client, clock) },
        {
          provide: CompleteHandler,
          inject: [BUS, CLOCK, LOGGER, TRACER, CLIENTS, TENANT_SETTINGS, REPLICA, Models, OpenAiCompatibleClient, CallsUnderWay],
          useFactory: (bus: ChannelBus, clock: Clock, logger: Logger, tracer: Tracer, clients: ServiceClients, tenantSettings: TenantSettingsCache, replica: string, models: Models, client: OpenAiCompatibleClient, calls: CallsUnderWay) =>
            new CompleteHandler({ bus, clock, logger, tracer, tenantSettings, models, client, calls, attempts: new AttemptOpener(clients), owner: `${replica} ${newId()}` }),
        },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.models.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.models.stop();
    await this.client.close();
  }
}

/** For the command line, which changes providers.yaml: the same check as at start. */
export { parseProviders } from './providers/load-providers.js';

export const providerRouterService: ServiceDefinition = {
  name: 'provider-router',
  defaultPort: defaultPorts['provider-router'],
  storage: { schema: 'router', migrations: [] },
  module: (environment) => ProviderRouterModule.of(environment),
};
