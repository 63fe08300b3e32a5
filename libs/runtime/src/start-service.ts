import { DiscoveryService, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { Subscription } from '@nexus/channels';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ChannelTransport } from './channels/channel-transport.js';
import { readTelemetryConfig } from './config.js';
import { DeadLetterStore } from '@nexus/postgres';
import type { Infrastructure } from './infrastructure.js';
import { KeyResolver } from './keys/key-resolver.js';
import { TenantSettingsCache } from './keys/tenant-settings-cache.js';
import { NestLogger } from './nest-logger.js';
import { plainHealth } from './port/plain-health.js';
import { PortServer, type RawHttpHandler, type UpgradeHandler } from './port/port-server.js';
import { Readiness } from './readiness.js';
import { deadLetterBinding } from './rpc/dead-letter-service.js';
import { createRpcServer, type NodeHandler } from './rpc/rpc-server.js';
import { discoverRpcServices } from './rpc/rpc-service.js';
import { RuntimeModule } from './runtime.module.js';
import type { ServiceDefinition, ServiceName } from './service-definition.js';
import { startTelemetry } from './telemetry/telemetry.js';
import { HTTP_UPGRADE, RAW_HTTP } from './tokens.js';

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
  /** Stops reading channels, finishes what is under way within `graceMs`, closes the port. The infrastructure stays. Idempotent. */
  stop(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 3_500;
const FLUSH_TRACES_WITHIN_MS = 1_000;

/** Starts a service on an infrastructure; resolves when it consumes its channels and answers on its port. */
export async function startService(definition: ServiceDefinition, infrastructure: Infrastructure, options: StartOptions): Promise<RunningService> {
  const { bus, clients, clock, database, replica, serviceToken } = infrastructure;
  const logger = infrastructure.logger.child({ service: definition.name, replica });
  const telemetry = await startTelemetry({ service: definition.name, replica, ...readTelemetryConfig(infrastructure.environment, definition.name) });
  const keys = new KeyResolver(clients, clock);
  const tenantSettings = new TenantSettingsCache(clients, clock);
  const readiness = new Readiness(bus, database);
  const deadLetters = database === undefined || definition.storage === undefined ? undefined : new DeadLetterStore(database, definition.storage.schema, clock);
  const parts = { logger, tracer: telemetry.tracer, keys, tenantSettings, deadLetters };
  const app = await NestFactory.create<NestExpressApplication>(RuntimeModule.forService(definition, infrastructure, parts), new ExpressAdapter(), {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: false,
  });
  app.useBodyParser('json', { limit: '10mb' });
  app.disable('x-powered-by');
  app.connectMicroservice({ strategy: new ChannelTransport({ bus, group: definition.name, consumer: replica, deadLetters, logger }) });
  const settingsChanged: Subscription = bus.follow('settings.changed', (changes) => {
    for (const { payload } of changes) {
      keys.onSettingsChanged(payload);
      tenantSettings.onSettingsChanged(payload);
    }
  });
  await app.init();
  const rpc = createRpcServer({
    bindings: [...discoverRpcServices(app.get(DiscoveryService, { strict: false })), ...(deadLetters === undefined ? [] : [deadLetterBinding(deadLetters)])],
    serviceToken, keys, readiness, tracer: telemetry.tracer, logger,
  });
  clients.offer(definition.name, rpc.transport);
  await app.startAllMicroservices();
  const port = options.listen ? await listen(definition, options, app, rpc.handler, readiness) : undefined;
  const host = options.host ?? '127.0.0.1';
  const url = port === undefined ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${port.port}`;
  logger.info({ url }, 'service started');

  const stop = async (graceMs: number): Promise<void> => {
    readiness.stop();
    await Promise.all([...app.getMicroservices().map((consumers) => consumers.close()), port?.close(graceMs)]);
    await app.close();
    clients.withdraw(definition.name);
    await settingsChanged.stop();
    await telemetry.shutdown(FLUSH_TRACES_WITHIN_MS);
    logger.info('service stopped');
  };
  let stopping: Promise<void> | undefined;
  return {
    name: definition.name,
    url,
    get: <T>(token: symbol | (abstract new (...parameters: never[]) => T)) => app.get<T>(token as symbol, { strict: false }),
    stop: (graceMs = DEFAULT_GRACE_MS) => (stopping ??= stop(graceMs)),
  };
}

async function listen(
  definition: ServiceDefinition,
  options: StartOptions,
  app: NestExpressApplication,
  handler: (fallback: NodeHandler) => NodeHandler,
  readiness: Readiness,
): Promise<PortServer> {
  const health = plainHealth(readiness);
  const raw = optional<RawHttpHandler>(app, RAW_HTTP);
  const express = app.getHttpAdapter().getInstance() as NodeHandler;
  return PortServer.listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? definition.defaultPort,
    http1: handler(express),
    http2: handler(notFound),
    raw: (request, response) => health(request, response) || raw?.(request, response) === true,
    upgrade: optional<UpgradeHandler>(app, HTTP_UPGRADE),
  });
}

function optional<T>(app: NestExpressApplication, token: symbol): T | undefined {
  try {
    return app.get<T>(token, { strict: false });
  } catch {
    return undefined;
  }
}

const notFound: NodeHandler = (request, response) => {
  const isHealth = (request.url ?? '').startsWith('/health/');
  const message = isHealth ? 'Ask with HTTP/1.1.' : 'There is nothing here over HTTP/2; plain HTTP is served with HTTP/1.1.';
  (response as ServerResponse<IncomingMessage>).writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code: 'not_found', message } }));
};
