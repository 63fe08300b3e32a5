import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import type { ChannelBus } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { Database, DeadLetterStore } from '@nexus/postgres';
import {
  AgentCalls, BUS, CLIENTS, CLOCK, ChannelMeter, DATABASE, DEAD_LETTERS, KEY_RESOLVER, LOGGER, METRICS, REPLICA, SERVICE_TOKEN, STOPPING, TENANT_SETTINGS, TRACER, defaultPorts, deleteHourly, storeDeadLetter,
  type Environment, type KeyResolver, type Logger, type Metrics, type ServiceClients, type ServiceDefinition, type Stopping, type TenantSettingsCache, type Tracer,
} from '@nexus/runtime';
import { AgentRpc } from './agent.rpc.js';
import { loadAgents } from './agents-file.js';
import { readOrchestratorConfig, type OrchestratorConfig } from './config.js';
import { FileRpc } from './file.rpc.js';
import { AcceptMessagesHandler } from './handlers/accept-messages.handler.js';
import { Admission } from './handlers/admission.js';
import { AdvanceRunsHandler } from './handlers/advance-runs.handler.js';
import { AgentDirectory } from './handlers/agent-directory.js';
import { AttachedFiles } from './handlers/attached-files.js';
import { DelayedMessages } from './handlers/delayed-messages.js';
import { FinishedRuns } from './handlers/finished-runs.js';
import { ForkOrigins } from './handlers/fork-origins.js';
import { HeldLease } from './handlers/held-lease.js';
import { KeptAgents } from './handlers/kept-agents.js';
import { OwnEndings } from './handlers/own-endings.js';
import { Places } from './handlers/places.js';
import { PublisherCheck } from './handlers/publisher-check.js';
import { PlanQuotas } from './handlers/plan-quotas.js';
import { QueueHeartbeat } from './handlers/queue-heartbeat.js';
import { Republication } from './handlers/republication.js';
import { expired } from './handlers/run-input.js';
import type { LiveRun } from './handlers/live-run.js';
import { RunLoader } from './handlers/run-loader.js';
import { RunMemory } from './handlers/run-memory.js';
import { RunMetrics } from './handlers/run-metrics.js';
import { recordRun } from './handlers/run-span.js';
import { SeenEntries } from './handlers/seen-entries.js';
import { Senders } from './handlers/senders.js';
import { StalledRuns } from './handlers/stalled-runs.js';
import { StartRunsHandler } from './handlers/start-runs.handler.js';
import { StartedRuns } from './handlers/started-runs.js';
import { Sweep } from './handlers/sweep.js';
import { ToolSchemas } from './handlers/tool-schemas.js';
import { IncomingReader } from './incoming.reader.js';
import { OrchestratorConsumer } from './orchestrator.consumer.js';
import { placeProviders } from './place.providers.js';
import { ResponseRpc } from './response.rpc.js';
import { RunForks } from './run-forks.js';
import { KeptResponseStore } from './storage/kept-response.store.js';
import { LeaseStore } from './storage/lease.store.js';
import { migrations } from './storage/migrations/index.js';
import { QueuedTaskStore } from './storage/queued-task.store.js';
import { RunStore } from './storage/run.store.js';
import { StoredFileStore } from './storage/stored-file.store.js';
import { ThreadStore } from './storage/thread.store.js';
import { TaskRpc } from './task.rpc.js';
import { ThreadRpc } from './thread.rpc.js';
import { MOST_FILE_BYTES_OF_TENANT, MOST_WAITING_TASKS } from './tokens.js';

/** Partitions of the channels: one, as runtime makes the bus. */
const PARTITION = 0;
/** Where partitions have their readers' leases, the search for stalled runs has its own. */
const SWEEP_LEASE = -1;
/** And so has the queue of tasks. */
const QUEUE_LEASE = -2;

/** What is remembered of live runs, and what ends those whose time is over: they know each other, so they are made together. */
class LiveRuns {
  readonly memory: RunMemory;
  readonly loader: RunLoader;
  readonly delayed: DelayedMessages;
  readonly again: Republication;
  readonly advance: AdvanceRunsHandler;
  readonly endings: OwnEndings;

  constructor(config: OrchestratorConfig, store: RunStore, kept: KeptAgents, mostTurns: number, bus: ChannelBus, clock: Clock, logger: Logger, finished: FinishedRuns, onOver: (live: LiveRun) => void) {
    this.memory = new RunMemory({
      runBytes: config.runCacheBytes, threadBytes: config.threadCacheBytes, mostTurns, clock,
      onDeadline: (run) => this.endings.endSoon([expired(run, () => clock.now())]),
    });
    this.loader = new RunLoader(store, this.memory, kept);
    this.delayed = new DelayedMessages(bus, this.memory, logger);
    this.again = new Republication(store, this.loader, this.delayed, finished, clock);
    this.advance = new AdvanceRunsHandler(store, this.memory, this.loader, this.delayed, this.again, finished, clock, onOver);
    this.endings = new OwnEndings(this.advance, store, bus, logger);
  }
}

@Module({})
export class OrchestratorModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stopWatching = (): void => undefined;
  private stopDeleting: (() => Promise<void>)[] = [];

  constructor(
    @Inject(IncomingReader) private readonly reader: IncomingReader,
    @Inject(Sweep) private readonly sweep: Sweep,
    @Inject(LiveRuns) private readonly live: LiveRuns,
    @Inject(AgentCalls) private readonly calls: AgentCalls,
    @Inject(QueueHeartbeat) private readonly heartbeat: QueueHeartbeat,
    @Inject(QueuedTaskStore) private readonly tasks: QueuedTaskStore,
    @Inject(KeptResponseStore) private readonly responses: KeptResponseStore,
    @Inject(StoredFileStore) private readonly files: StoredFileStore,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(STOPPING) { signal }: Stopping,
  ) {
    // another replica reads on at once, however long the streams of this one take to end
    signal.addEventListener('abort', () => void this.reader.stop());
  }

  static with(environment: Environment): DynamicModule {
    const config = readOrchestratorConfig(environment);
    const agents = loadAgents(config.agentsFile);
    return {
      module: OrchestratorModule,
      controllers: [OrchestratorConsumer],
      providers: [
        ...placeProviders,
        KeptAgents, SeenEntries, ToolSchemas, ThreadRpc, AgentRpc, TaskRpc, ResponseRpc, FileRpc, RunForks,
        { provide: MOST_WAITING_TASKS, useValue: config.queueMostWaiting },
        { provide: MOST_FILE_BYTES_OF_TENANT, useValue: config.filesTenantBytes },
        { provide: StoredFileStore, inject: [DATABASE], useFactory: (database: Database) => new StoredFileStore(database) },
        { provide: RunStore, inject: [DATABASE], useFactory: (database: Database) => new RunStore(database) },
        { provide: ThreadStore, inject: [DATABASE], useFactory: (database: Database) => new ThreadStore(database) },
        { provide: QueuedTaskStore, inject: [DATABASE], useFactory: (database: Database) => new QueuedTaskStore(database) },
        { provide: KeptResponseStore, inject: [DATABASE], useFactory: (database: Database) => new KeptResponseStore(database) },
        { provide: LeaseStore, inject: [DATABASE], useFactory: (database: Database) => new LeaseStore(database) },
        { provide: RunMetrics, inject: [METRICS], useFactory: (metrics: Metrics) => new RunMetrics(metrics) },
        { provide: PublisherCheck, inject: [SERVICE_TOKEN, KEY_RESOLVER], useFactory: (token: string, keys: KeyResolver) => new PublisherCheck(token, keys) },
        {
          provide: AgentDirectory,
          inject: [TENANT_SETTINGS, CLIENTS, CLOCK, LOGGER],
          useFactory: (settings: TenantSettingsCache, clients: ServiceClients, clock: Clock, logger: Logger) => new AgentDirectory(agents, config.agentModel, settings, clients, clock, logger),
        },
        { provide: PlanQuotas, inject: [TENANT_SETTINGS, LOGGER], useFactory: (settings: TenantSettingsCache, logger: Logger) => new PlanQuotas(settings, logger) },
        {
          provide: LiveRuns,
          inject: [RunStore, KeptAgents, AgentDirectory, BUS, CLOCK, LOGGER, TRACER, RunMetrics, TENANT_SETTINGS],
          useFactory: (store: RunStore, kept: KeptAgents, directory: AgentDirectory, bus: ChannelBus, clock: Clock, logger: Logger, tracer: Tracer, metrics: RunMetrics, settings: TenantSettingsCache) =>
            new LiveRuns(config, store, kept, directory.mostTurns, bus, clock, logger, new FinishedRuns(settings), (live) => {
              recordRun(tracer, live);
              metrics.ended(live);
            }),
        },
        { provide: AdvanceRunsHandler, inject: [LiveRuns], useFactory: (live: LiveRuns) => live.advance },
        { provide: OwnEndings, inject: [LiveRuns], useFactory: (live: LiveRuns) => live.endings },
        {
          provide: StartRunsHandler,
          inject: [RunStore, PublisherCheck, Senders, Places, AgentDirectory, PlanQuotas, KeptAgents, LiveRuns, CLOCK, LOGGER, StoredFileStore, ThreadStore],
          useFactory: (store: RunStore, publishers: PublisherCheck, senders: Senders, places: Places, directory: AgentDirectory, quotas: PlanQuotas, kept: KeptAgents, live: LiveRuns, clock: Clock, logger: Logger, files: StoredFileStore, threads: ThreadStore) =>
            new StartRunsHandler(store, publishers, senders, places, directory, quotas, new ForkOrigins(live.loader), threads, new AttachedFiles(files), kept, new StartedRuns(live.loader, live.memory), clock, logger),
        },
        {
          provide: Sweep,
          inject: [RunStore, LiveRuns, StalledRuns, BUS, CLOCK, LOGGER],
          useFactory: (store: RunStore, live: LiveRuns, stalled: StalledRuns, bus: ChannelBus, clock: Clock, logger: Logger) =>
            new Sweep({ everyMs: config.sweepMs, stalledEveryMs: config.stalledMs / 4, store, stalled, bus, clock, logger, loader: live.loader, endings: live.endings, delayed: live.delayed, again: live.again }),
        },
        {
          provide: StalledRuns,
          inject: [RunStore, LiveRuns, LeaseStore, AgentDirectory, BUS, CLOCK, LOGGER, REPLICA, RunMetrics],
          useFactory: (store: RunStore, live: LiveRuns, leases: LeaseStore, directory: AgentDirectory, bus: ChannelBus, clock: Clock, logger: Logger, replica: string, metrics: RunMetrics) =>
            new StalledRuns({
              stalledMs: config.stalledMs, store, bus, clock, logger, metrics, loader: live.loader,
              lease: new HeldLease(leases, { partition: SWEEP_LEASE, owner: replica, lifeMs: Math.max(config.leaseMs, config.stalledMs) }),
              toolTimeMs: (tool) => directory.toolTimeMs(tool),
            }),
        },
        {
          provide: QueueHeartbeat,
          inject: [QueuedTaskStore, AgentCalls, LeaseStore, CLOCK, LOGGER, REPLICA],
          useFactory: (store: QueuedTaskStore, calls: AgentCalls, leases: LeaseStore, clock: Clock, logger: Logger, replica: string) =>
            new QueueHeartbeat({
              store, calls, clock, logger, everyMs: config.queueHeartbeatMs, batch: config.queueBatch,
              lease: new HeldLease(leases, { partition: QUEUE_LEASE, owner: replica, lifeMs: Math.max(config.leaseMs, 3 * config.queueHeartbeatMs) }),
            }),
        },
        {
          provide: IncomingReader,
          inject: [BUS, LeaseStore, AcceptMessagesHandler, AdvanceRunsHandler, RunStore, SeenEntries, TRACER, LOGGER, REPLICA, DEAD_LETTERS, METRICS, RunMetrics],
          useFactory: (
            bus: ChannelBus, leases: LeaseStore, start: AcceptMessagesHandler, advance: AdvanceRunsHandler, runs: RunStore, seen: SeenEntries,
            tracer: Tracer, logger: Logger, replica: string, deadLetters: DeadLetterStore | undefined, metrics: Metrics, runMetrics: RunMetrics,
          ) => new IncomingReader({
            bus, leases, start, advance, runs, seen, tracer, logger, replica, metrics: runMetrics,
            meter: new ChannelMeter(metrics, 'orchestrator'),
            admission: new Admission(bus, config.admissionQueueMs),
            partition: PARTITION, leaseMs: config.leaseMs,
            onDeadLetter: (letter) => storeDeadLetter(letter, deadLetters, logger),
          }),
        },
        {
          provide: AgentCalls,
          inject: [BUS, SERVICE_TOKEN, REPLICA, CLOCK],
          useFactory: (bus: ChannelBus, serviceToken: string, replica: string, clock: Clock) => new AgentCalls({ bus, serviceToken, clock, replyTo: `orchestrator.${replica}` }),
        },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.reader.start();
    this.sweep.start();
    this.heartbeat.start();
    this.stopDeleting = [deleteHourly('tasks', () => this.tasks.prune(), this.logger), deleteHourly('responses', () => this.responses.prune(), this.logger), deleteHourly('files', () => this.files.prune(), this.logger)];
    this.stopWatching = this.bus.onLoss(() => this.sweep.onLoss());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopWatching();
    await Promise.all([this.reader.stop(), this.sweep.stop(), this.heartbeat.stop(), this.calls.stop(), ...this.stopDeleting.map((stop) => stop())]);
    this.live.memory.stop();
    this.live.delayed.stop();
  }
}

/** The life of a run: model, tools, model, answer. */
export const orchestratorService: ServiceDefinition = {
  name: 'orchestrator',
  defaultPort: defaultPorts.orchestrator,
  storage: { schema: 'orchestrator', migrations },
  module: (environment) => OrchestratorModule.with(environment),
};
