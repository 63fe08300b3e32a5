import { DiscoveryService, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { DeadLetterStore, IdempotencyStore } from '@nexus/postgres';
import { ChannelMeter } from './channels/channel-meter.js';
import { ChannelTransport } from './channels/channel-transport.js';
import { ChannelWatch } from './channels/channel-watch.js';
import { readTelemetryConfig } from './config.js';
import { serveDeadLetters } from './dead-letters/serve-dead-letters.js';
import { deleteHourly } from './delete-hourly.js';
import type { Infrastructure } from './infrastructure.js';
import { KeyResolver } from './keys/key-resolver.js';
import { TenantSettingsCache } from './keys/tenant-settings-cache.js';
import { Metrics } from './metrics/metrics.js';
import { measureProcess } from './metrics/process-metrics.js';
import { NestLogger } from './nest-logger.js';
import { listenOnPort } from './port/listen-on-port.js';
import type { PortServer } from './port/port-server.js';
import { Readiness } from './readiness.js';
import { createRpcServer } from './rpc/rpc-server.js';
import { discoverRpcServices } from './rpc/rpc-service.js';
import { RuntimeModule, type ServiceParts } from './runtime.module.js';
import type { ServiceDefinition, ServiceName } from './service-definition.js';
import { Stopping } from './stopping.js';
import { Teardown } from './teardown.js';
import { startTelemetry } from './telemetry/telemetry.js';

export interface StartOptions {
  /** False: no port; the service is called by those in its process only. */
  readonly listen: boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: the service's own; 0 takes a free one. */
  readonly port?: number;
}

export interface RunningService {
  readonly name: ServiceName;
  /** `http://host:port`; undefined without a port. */
  readonly url: string | undefined;
  /** The Nest application's provider for a token. */
  get<T>(token: abstract new (...parameters: never[]) => T): T;
  get<T>(token: symbol): T;
  /**
   * Is no longer ready and reads no more channels; finishes what is under way within `graceMs` and closes the port, which new connections
   * reach for `noticeMs` (default 0) of it: so long load balancers take to see that it is not ready. The infrastructure stays. Idempotent.
   */
  stop(graceMs?: number, noticeMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 3_500;
const FLUSH_TRACES_WITHIN_MS = 1_000;

/** Starts a service on an infrastructure; resolves when it consumes its channels and answers on its port. What fails to start leaves nothing behind. */
export async function startService(definition: ServiceDefinition, infrastructure: Infrastructure, options: StartOptions): Promise<RunningService> {
  const teardown = new Teardown();
  try {
    return await start(definition, infrastructure, options, teardown);
  } catch (error) {
    await teardown.run(0).catch(() => undefined);
    throw error;
  }
}

async function start(definition: ServiceDefinition, infrastructure: Infrastructure, options: StartOptions, teardown: Teardown): Promise<RunningService> {
  const { bus, clients, database, replica, serviceToken } = infrastructure;
  const logger = infrastructure.logger.child({ service: definition.name, replica });
  const telemetry = await startTelemetry({ service: definition.name, replica, ...readTelemetryConfig(infrastructure.environment, definition.name) });
  teardown.add(() => telemetry.shutdown(FLUSH_TRACES_WITHIN_MS));
  const stopping = new Stopping();
  const metrics = infrastructure.metrics ?? new Metrics();
  measureProcess(metrics);
  const parts: ServiceParts = { logger, metrics, stopping, tracer: telemetry.tracer, ...partsOf(definition, infrastructure) };
  const changes = bus.follow('settings.changed', (batch) => batch.forEach(({ payload }) => {
    parts.keys.onSettingsChanged(payload);
    parts.tenantSettings.onSettingsChanged(payload);
  }));
  teardown.add((graceMs) => changes.stop(graceMs));

  const app = await createApplication(definition, infrastructure, parts);
  teardown.add(() => app.close());
  const meter = new ChannelMeter(metrics, definition.name);
  const consumers = new ChannelTransport({ bus, group: definition.name, consumer: replica, deadLetters: parts.deadLetters, logger, meter, claimIdleMs: infrastructure.claimIdleMs });
  app.connectMicroservice({ strategy: consumers });
  await app.init();

  const readiness = new Readiness(bus, database);
  const bindings = [...discoverRpcServices(app.get(DiscoveryService, { strict: false })), ...serveDeadLetters(definition, infrastructure, parts, teardown)];
  const idempotency = database && definition.storage && new IdempotencyStore(database, definition.storage.schema, infrastructure.keyedCallLeaseMs);
  if (idempotency !== undefined) teardown.add(deleteHourly('idempotency keys', () => idempotency.prune(), logger));
  const rpc = createRpcServer({ bindings, serviceToken, keys: parts.keys, readiness, tracer: telemetry.tracer, metrics, logger, idempotency });
  clients.offer(definition.name, rpc.transport);
  teardown.add(async () => clients.withdraw(definition.name));

  teardown.add(new ChannelWatch({ bus, metrics, service: definition.name }).start());

  let port: PortServer | undefined;
  let noticeMs = 0;
  teardown.add((graceMs) => {
    readiness.stop();
    stopping.begin(graceMs);
    return Promise.all([consumers.close(graceMs), port?.close(graceMs, noticeMs)]);
  });
  await app.startAllMicroservices();
  if (options.listen) {
    const metricsToken = definition.facesOutside === true ? serviceToken : undefined;
    port = await listenOnPort({ host: options.host ?? '127.0.0.1', port: options.port ?? definition.defaultPort, app, rpc, readiness, metrics, metricsToken });
  }
  logger.info({ url: port?.url }, 'service started');

  let stopped: Promise<void> | undefined;
  return {
    name: definition.name,
    url: port?.url,
    get: <T>(token: symbol | (abstract new (...parameters: never[]) => T)) => app.get<T>(token, { strict: false }),
    stop: (graceMs = DEFAULT_GRACE_MS, notice = 0) => {
      noticeMs = notice;
      return (stopped ??= teardown.run(graceMs));
    },
  };
}

function partsOf({ storage }: ServiceDefinition, { clients, clock, database }: Infrastructure): Omit<ServiceParts, 'logger' | 'metrics' | 'stopping' | 'tracer'> {
  return {
    keys: new KeyResolver(clients, clock),
    tenantSettings: new TenantSettingsCache(clients, clock),
    deadLetters: database === undefined || storage === undefined ? undefined : new DeadLetterStore(database, storage.schema, clock),
  };
}

async function createApplication(definition: ServiceDefinition, infrastructure: Infrastructure, parts: ServiceParts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(RuntimeModule.forService(definition, infrastructure, parts), new ExpressAdapter(), {
    logger: new NestLogger(parts.logger),
    abortOnError: false,
    bodyParser: false,
  });
  app.useBodyParser('json', { limit: '10mb', type: () => true }); // whatever it is called: curl -d calls JSON a form
  app.disable('x-powered-by');
  return app;
}
