import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ChannelBus } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { BUS, CLIENTS, CLOCK, DATABASE, LOGGER, METRICS, REPLICA, TENANT_SETTINGS, TRACER, defaultPorts, deleteHourly, type Environment, type Logger, type Metrics, type ServiceClients, type ServiceDefinition, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { readRouterConfig } from './config.js';
import { AnsweredCalls } from './handlers/answered-calls.js';
import { AttemptOpener } from './handlers/attempt-opener.js';
import { AttemptOwner } from './handlers/attempt-owner.js';
import { CallsUnderWay } from './handlers/calls-under-way.js';
import { CompleteHandler } from './handlers/complete.handler.js';
import { ExactCache } from './handlers/exact-cache.js';
import { KeyedCompletions } from './handlers/keyed-completions.js';
import { LimitedProviders } from './handlers/limited-providers.js';
import { ModelListing } from './handlers/model-listing.js';
import { OwnAttempts } from './handlers/own-attempts.js';
import { ProviderHealth } from './handlers/provider-health.js';
import { ProviderLimits } from './handlers/provider-limits.js';
import { RouterMetrics } from './handlers/router-metrics.js';
import { Routes } from './handlers/routes.js';
import { SemanticCache } from './handlers/semantic-cache.js';
import { ShownPictures } from './handlers/shown-pictures.js';
import { UnknownAttempts } from './handlers/unknown-attempts.js';
import { loadPriceList } from './providers/load-price-list.js';
import { loadProviders } from './providers/load-providers.js';
import { LocalModelClient } from './providers/local/local-model-client.js';
import { Models } from './providers/models.js';
import { ProviderClient } from './providers/provider-client.js';
import { providerRouterConsumer } from './provider-router.consumer.js';
import { ProviderRouterRpc } from './provider-router.rpc.js';
import { RetryBudget } from './domain/routing/retry-budget.js';
import { loadRouting } from './routing-file.js';
import { AnswerStore } from './storage/answer.store.js';
import { BucketStore } from './storage/bucket.store.js';
import { CacheStore } from './storage/cache.store.js';
import { ChainStore } from './storage/chain.store.js';
import { SimilarStore } from './storage/similar.store.js';
import { Answer1764000001000 } from './storage/migrations/answer-1764000001000.js';
import { AnswerHolder1764000002000 } from './storage/migrations/answer-holder-1764000002000.js';
import { Bucket1764000003000 } from './storage/migrations/bucket-1764000003000.js';
import { Cache1764000005000 } from './storage/migrations/cache-1764000005000.js';
import { Chain1764000004000 } from './storage/migrations/chain-1764000004000.js';
import { Similar1764000006000 } from './storage/migrations/similar-1764000006000.js';

/** How long an answer may be asked for again. */
const KEEP_ANSWERS_MS = 600_000;

@Module({})
class ProviderRouterModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(Models) private readonly models: Models,
    @Inject(ProviderClient) private readonly client: ProviderClient,
    @Inject(AttemptOwner) private readonly owner: AttemptOwner,
    @Inject(OwnAttempts) private readonly own: OwnAttempts,
    @Inject(UnknownAttempts) private readonly unknown: UnknownAttempts,
    @Inject(AnswerStore) private readonly answers: AnswerStore,
    @Inject(ChainStore) private readonly chains: ChainStore,
    @Inject(CacheStore) private readonly cache: CacheStore,
    @Inject(SimilarStore) private readonly similar: SimilarStore,
    @Inject(RouterMetrics) private readonly metrics: RouterMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  private stopDeleting: () => Promise<void> = () => Promise.resolve();

  static of(environment: Environment): DynamicModule {
    const config = readRouterConfig(environment);
    const sources = { providers: loadProviders(config.providersFile), prices: loadPriceList(config.pricesFile), env: config.environment };
    const routing = loadRouting(config.routingFile);
    return {
      module: ProviderRouterModule,
      controllers: [providerRouterConsumer(config.concurrency)],
      providers: [
        ProviderRouterRpc,
        { provide: CallsUnderWay, inject: [CLOCK], useFactory: (clock: Clock) => new CallsUnderWay(clock) },
        { provide: ProviderClient, useFactory: () => new ProviderClient(new LocalModelClient(), config.egressProxy) },
        { provide: Models, inject: [ProviderClient, CLOCK], useFactory: (client: ProviderClient, clock: Clock) => new Models(sources, client, clock) },
        { provide: AnsweredCalls, inject: [CLOCK], useFactory: (clock: Clock) => new AnsweredCalls(clock, { bytes: config.answerMemoryBytes, keepMs: KEEP_ANSWERS_MS }) },
        {
          provide: AttemptOwner,
          inject: [REPLICA, CLIENTS, LOGGER],
          useFactory: (replica: string, clients: ServiceClients, logger: Logger) => new AttemptOwner(replica, config.ownerTtlMs, clients, logger),
        },
        { provide: AttemptOpener, inject: [CLIENTS, AttemptOwner], useFactory: (clients: ServiceClients, owner: AttemptOwner) => new AttemptOpener(clients, owner) },
        {
          provide: OwnAttempts,
          inject: [BUS, CallsUnderWay, AnsweredCalls, AttemptOpener, AttemptOwner],
          useFactory: (bus: ChannelBus, calls: CallsUnderWay, answered: AnsweredCalls, attempts: AttemptOpener, owner: AttemptOwner) => new OwnAttempts({ bus, calls, answered, attempts, owner }),
        },
        {
          provide: UnknownAttempts,
          inject: [BUS, Models, ProviderClient, AttemptOwner, CLOCK, LOGGER],
          useFactory: (bus: ChannelBus, models: Models, client: ProviderClient, owner: AttemptOwner, clock: Clock, logger: Logger) => new UnknownAttempts({ bus, models, client, owner, clock, logger }),
        },
        { provide: RouterMetrics, inject: [METRICS], useFactory: (metrics: Metrics) => new RouterMetrics(metrics) },
        { provide: Routes, inject: [Models, CLOCK], useFactory: (models: Models, clock: Clock) => new Routes({ models, config: routing, clock }) },
        { provide: ModelListing, inject: [Routes], useFactory: (routes: Routes) => new ModelListing(routes, routing) },
        { provide: CacheStore, inject: [DATABASE], useFactory: (database: Database) => new CacheStore(database) },
        { provide: ExactCache, inject: [CacheStore, CLOCK, LOGGER], useFactory: (store: CacheStore, clock: Clock, logger: Logger) => new ExactCache({ store, clock, logger }) },
        { provide: SimilarStore, inject: [DATABASE], useFactory: (database: Database) => new SimilarStore(database) },
        {
          provide: SemanticCache,
          inject: [SimilarStore, Routes, LOGGER],
          useFactory: (store: SimilarStore, routes: Routes, logger: Logger) => new SemanticCache({ store, routes, logger }),
        },
        { provide: ShownPictures, inject: [CLIENTS], useFactory: (clients: ServiceClients) => new ShownPictures({ clients, cacheBytes: config.pictureCacheBytes }) },
        { provide: ChainStore, inject: [DATABASE], useFactory: (database: Database) => new ChainStore(database) },
        {
          provide: ProviderHealth,
          inject: [BUS, CLOCK, LOGGER, AttemptOwner, RouterMetrics],
          useFactory: (bus: ChannelBus, clock: Clock, logger: Logger, owner: AttemptOwner, metrics: RouterMetrics) => new ProviderHealth({ bus, clock, logger, metrics, replica: owner.name }),
        },
        {
          provide: ProviderLimits,
          inject: [DATABASE, CLOCK, LOGGER],
          useFactory: (database: Database, clock: Clock, logger: Logger) => new ProviderLimits({ store: new BucketStore(database), clock, logger }),
        },
        {
          provide: LimitedProviders,
          inject: [BUS, CLOCK, TENANT_SETTINGS],
          useFactory: (bus: ChannelBus, clock: Clock, settings: TenantSettingsCache) => new LimitedProviders({ bus, clock, settings }),
        },
        {
          provide: CompleteHandler,
          inject: [BUS, CLOCK, LOGGER, TRACER, TENANT_SETTINGS, Routes, ProviderClient, CallsUnderWay, AnsweredCalls, AttemptOpener, AttemptOwner, ProviderHealth, ProviderLimits, LimitedProviders, ChainStore, ExactCache, SemanticCache, ShownPictures, RouterMetrics],
          useFactory: (
            bus: ChannelBus, clock: Clock, logger: Logger, tracer: Tracer, tenantSettings: TenantSettingsCache, routes: Routes, client: ProviderClient, calls: CallsUnderWay,
            answered: AnsweredCalls, attempts: AttemptOpener, owner: AttemptOwner, health: ProviderHealth, limits: ProviderLimits, limited: LimitedProviders, chains: ChainStore, cache: ExactCache, similar: SemanticCache, pictures: ShownPictures, metrics: RouterMetrics,
          ) => new CompleteHandler({
            bus, clock, logger, tracer, tenantSettings, routes, client, calls, answered, attempts, owner, health, limits, limited, chains, cache, similar, pictures, metrics,
            retries: routing.retries, budget: new RetryBudget(routing.retries), classifyWithinMs: routing.classifier.withinMs,
          }),
        },
        { provide: AnswerStore, inject: [DATABASE], useFactory: (database: Database) => new AnswerStore(database) },
        {
          provide: KeyedCompletions,
          inject: [BUS, CLOCK, LOGGER, CompleteHandler, AnsweredCalls, AnswerStore],
          useFactory: (bus: ChannelBus, clock: Clock, logger: Logger, complete: CompleteHandler, answered: AnsweredCalls, store: AnswerStore) =>
            new KeyedCompletions({ bus, clock, logger, complete, answered, store }),
        },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    this.owner.start({ onYours: (attempts) => this.own.tell(attempts), onUnknown: (attempts) => this.unknown.lookInto(attempts) });
    await this.models.start();
    for (const { config, target } of this.models.catalog.providers) if (target) this.metrics.offered(config.name);
    this.stopDeleting = deleteHourly('answers', async () => (await this.answers.prune()) + (await this.chains.prune()) + (await this.cache.prune()) + (await this.similar.prune()), this.logger);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.owner.stop(), this.stopDeleting()]);
    this.unknown.stop();
    this.models.stop();
    await this.client.close();
  }
}

/** For the command line, which changes providers.yaml: the same check as at start. */
export { parseProviders } from './providers/load-providers.js';

/** For the command line, which shows what models cost. */
export { priceAt, type PriceList, type SteppedPrice } from './domain/price-list.js';
export { pricedModels, pricedModelsNamed, type PricedModel } from './domain/priced-models.js';
export { loadPriceList } from './providers/load-price-list.js';

export const providerRouterService: ServiceDefinition = {
  name: 'provider-router',
  defaultPort: defaultPorts['provider-router'],
  storage: { schema: 'router', migrations: [Answer1764000001000, AnswerHolder1764000002000, Bucket1764000003000, Chain1764000004000, Cache1764000005000, Similar1764000006000] },
  module: (environment) => ProviderRouterModule.of(environment),
};
