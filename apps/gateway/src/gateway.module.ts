import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { ChannelBus } from '@nexus/channels';
import { AgentService, PeopleService, SettingsService, TaskService, ThreadService, UsageService, WebhookService } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import {
  AgentCalls, BUS, CLIENTS, CLOCK, HTTP_UPGRADE, KEY_RESOLVER, LOGGER, METRICS, RAW_HTTP, REPLICA, SERVICE_TOKEN, STOPPING, TRACER, defaultPorts,
  type Environment, type KeyResolver, type Logger, type Metrics, type RawHttpHandler, type ServiceClients, type ServiceDefinition, type Stopping, type Tracer, type UpgradeHandler,
} from '@nexus/runtime';
import { readGatewayConfig, type GatewayConfig } from './config.js';
import { chatCompletions } from './domain/endpoints/chat-completions.js';
import { embeddings } from './domain/endpoints/embeddings.js';
import { messages } from './domain/endpoints/messages.js';
import { responses } from './domain/endpoints/responses.js';
import { Admission } from './handlers/admission.js';
import { KeptAnswers } from './handlers/kept-answers.js';
import { KeyedRuns } from './handlers/keyed-runs.js';
import { ModelCalls } from './handlers/model-calls.js';
import { ModelDirectory } from './handlers/model-directory.js';
import { SocketTickets } from './handlers/socket-tickets.js';
import { AgentCompletions } from './routes/agent-completions.js';
import { Cors } from './routes/cors.js';
import { DeadLettersRpc } from './routes/dead-letters.rpc.js';
import { CountTokensRoute } from './routes/count-tokens.route.js';
import { Door, type HttpHandler, type RawRoute } from './routes/door.js';
import { ErrorFilter } from './routes/error.filter.js';
import { FilesController } from './routes/files.controller.js';
import { FilesRoute } from './routes/files.route.js';
import { ModelRoute, type ModelRouteOptions } from './routes/model.route.js';
import { LedgerController } from './routes/ledger.controller.js';
import { ModelsController } from './routes/models.controller.js';
import { ProviderTestRpc } from './routes/provider-test.rpc.js';
import { QueueController } from './routes/queue.controller.js';
import { RequestMetrics } from './routes/request-metrics.js';
import { forwarding } from './routes/rpc-forwarding.js';
import { RunStreams } from './routes/run-streams.js';
import { RunsController } from './routes/runs.controller.js';
import { socketLimits } from './routes/socket/socket-limits.js';
import { SocketMetrics } from './routes/socket/socket-metrics.js';
import { SocketServer } from './routes/socket/socket-server.js';
import { TicketController } from './routes/socket/ticket.controller.js';
import { TaskController } from './routes/task.controller.js';
import { StatusController } from './routes/status.controller.js';
import { ThreadRunsController } from './routes/thread-runs.controller.js';
import { ThreadsController } from './routes/threads.controller.js';
import { TimeTravelController } from './routes/time-travel.controller.js';
import { GATEWAY_CONFIG, RAW_ROUTES } from './tokens.js';

/** This replica's own name on the reply channels. */
const replyToOf = (replica: string): string => `gateway.${replica}`;

@Module({})
class GatewayModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(ModelCalls) private readonly modelCalls: ModelCalls,
    @Inject(AgentCalls) private readonly agentCalls: AgentCalls,
    @Inject(Admission) private readonly admission: Admission,
    @Inject(STOPPING) { lastCall }: Stopping,
  ) {
    // an error that says what happened, in time to be read, and not a connection that is cut
    lastCall.addEventListener('abort', () => {
      this.modelCalls.giveUp();
      void this.agentCalls.stop();
    });
  }

  static with(environment: Environment): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [LedgerController, StatusController, ModelsController, ThreadsController, ThreadRunsController, RunsController, TimeTravelController, TaskController, QueueController, FilesController, TicketController],
      providers: [
        { provide: GATEWAY_CONFIG, useValue: readGatewayConfig(environment) },
        { provide: APP_FILTER, useClass: ErrorFilter },
        {
          provide: ModelCalls,
          inject: [BUS, REPLICA, CLOCK, GATEWAY_CONFIG],
          useFactory: (bus: ChannelBus, replica: string, clock: Clock, { busLostMs }: GatewayConfig) => new ModelCalls({ bus, replyTo: replyToOf(replica), clock, busLostMs }),
        },
        {
          provide: AgentCalls,
          inject: [BUS, SERVICE_TOKEN, REPLICA, CLOCK],
          useFactory: (bus: ChannelBus, serviceToken: string, replica: string, clock: Clock) => new AgentCalls({ bus, serviceToken, replyTo: replyToOf(replica), clock }),
        },
        { provide: ModelDirectory, inject: [CLIENTS, CLOCK], useFactory: (clients: ServiceClients, clock: Clock) => new ModelDirectory(clients, clock) },
        {
          provide: Admission,
          inject: [BUS, CLOCK, LOGGER, GATEWAY_CONFIG],
          useFactory: (bus: ChannelBus, clock: Clock, logger: Logger, { maxQueueMs, maxInFlight }: GatewayConfig) => new Admission({ bus, clock, logger, maxQueueMs, maxInFlight }),
        },
        { provide: KeyedRuns, inject: [CLIENTS], useFactory: (clients: ServiceClients) => new KeyedRuns(clients) },
        {
          provide: AgentCompletions,
          inject: [AgentCalls, Admission, KeyedRuns, CLOCK],
          useFactory: (agentCalls: AgentCalls, admission: Admission, keyedRuns: KeyedRuns, clock: Clock) => new AgentCompletions(agentCalls, admission, keyedRuns, clock),
        },
        {
          provide: RunStreams,
          inject: [BUS, CLIENTS, AgentCalls, STOPPING],
          useFactory: (bus: ChannelBus, clients: ServiceClients, agentCalls: AgentCalls, stopping: Stopping) => new RunStreams({ bus, clients, progress: agentCalls.progress, stopping: stopping.signal }),
        },
        {
          provide: RAW_ROUTES,
          inject: [ModelCalls, Admission, AgentCompletions, CLIENTS, LOGGER, TRACER, CLOCK, GATEWAY_CONFIG],
          useFactory: (modelCalls: ModelCalls, admission: Admission, agents: AgentCompletions, clients: ServiceClients, logger: Logger, tracer: Tracer, clock: Clock, { maxBodyBytes, timeoutMs }: GatewayConfig) =>
            rawRoutes({ modelCalls, admission, agents, kept: new KeptAnswers(clients, logger), tracer, clock, maxBodyBytes, timeoutMs }, clients),
        },
        {
          provide: RAW_HTTP,
          inject: [KEY_RESOLVER, Admission, RAW_ROUTES, HttpAdapterHost, LOGGER, METRICS, GATEWAY_CONFIG],
          useFactory: rawHttp,
        },
        { provide: SocketTickets, inject: [SERVICE_TOKEN, CLOCK], useFactory: (serviceToken: string, clock: Clock) => new SocketTickets(serviceToken, clock) },
        {
          provide: HTTP_UPGRADE,
          inject: [AgentCalls, RunStreams, Admission, CLIENTS, KEY_RESOLVER, SocketTickets, TRACER, METRICS, LOGGER, STOPPING, GATEWAY_CONFIG],
          useFactory: (
            agentCalls: AgentCalls, streams: RunStreams, admission: Admission, clients: ServiceClients, keys: KeyResolver, tickets: SocketTickets, tracer: Tracer, metrics: Metrics, logger: Logger,
            stopping: Stopping, { corsOrigins, maxSockets }: GatewayConfig,
          ): UpgradeHandler => {
            const sockets = new SocketServer({
              agentCalls, streams, admission, clients, keys, tickets, tracer, logger, limits: socketLimits, metrics: new SocketMetrics(metrics), origins: corsOrigins, mostSockets: maxSockets, stopping: stopping.signal,
            });
            return (request, socket, head) => sockets.upgrade(request, socket, head);
          },
        },
        forwarding(AgentService, (clients) => clients.agent, { starting: ['queryAgent', 'streamAgent'] }),
        forwarding(ThreadService, (clients) => clients.threads, { starting: ['forkRun'] }),
        forwarding(TaskService, (clients) => clients.tasks),
        forwarding(SettingsService, (clients) => clients.settings),
        forwarding(PeopleService, (clients) => clients.people),
        forwarding(WebhookService, (clients) => clients.webhooks),
        forwarding(UsageService, (clients) => clients.usage, { hidden: ['openAttempts', 'reportOwner'] }),
        DeadLettersRpc,
        ProviderTestRpc,
      ],
    };
  }

  /** Whoever asks from now on hears the answer. */
  async onModuleInit(): Promise<void> {
    await this.modelCalls.ready;
  }

  async onApplicationShutdown(): Promise<void> {
    this.admission.stop();
    await Promise.all([this.modelCalls.stop(), this.agentCalls.stop()]);
  }
}

/** What Nest would only slow down, by its path. */
function rawRoutes(options: ModelRouteOptions, clients: ServiceClients): ReadonlyMap<string, RawRoute> {
  return new Map<string, RawRoute>([
    [chatCompletions.path, new ModelRoute(chatCompletions, options)],
    [responses.path, new ModelRoute(responses, options)],
    [messages.path, new ModelRoute(messages, options)],
    [embeddings.path, new ModelRoute(embeddings, options)],
    ['/v1/messages/count_tokens', new CountTokensRoute(options.maxBodyBytes)],
    ['/files', new FilesRoute(clients)],
  ]);
}

function rawHttp(keys: KeyResolver, admission: Admission, routes: ReadonlyMap<string, RawRoute>, host: HttpAdapterHost, logger: Logger, metrics: Metrics, { corsOrigins }: GatewayConfig): RawHttpHandler {
  const nest = () => host.httpAdapter.getInstance<HttpHandler>();
  const door = new Door(keys, admission, routes, nest, new Cors(corsOrigins), logger, new RequestMetrics(metrics));
  return (request, response) => door.open(request, response);
}

/** The edge for programs: OpenAI-compatible HTTP, threads and runs, and the services that people's tools call. */
export const gatewayService: ServiceDefinition = {
  name: 'gateway',
  defaultPort: defaultPorts.gateway,
  facesOutside: true,
  module: (environment) => GatewayModule.with(environment),
};
