import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import { adapterReports, type AdapterReports } from './adapter-reports.js';
import { environmentSchema, invalidConfiguration, type Environment } from './config.js';
import { createLogger, type Logger } from './logger.js';
import { metricsEndpoint } from './metrics/metrics-endpoint.js';
import { Metrics } from './metrics/metrics.js';
import { measureProcess } from './metrics/process-metrics.js';
import { plainHealth } from './port/plain-health.js';
import { requireNode } from './start-problem.js';
import { Teardown } from './teardown.js';
import { startTelemetry } from './telemetry/telemetry.js';
import type { Tracer } from './telemetry/tracing.js';
import { stopOnUnexpectedErrors } from './unexpected-errors.js';

export interface AdapterProcessOptions {
  /** `telegram`: names its logs, traces and metrics, and the variable of its port, `NEXUS_TELEGRAM_PORT`. */
  readonly name: string;
  readonly environment: Environment;
  /** Where health and metrics are told. */
  readonly defaultPort: number;
}

/** What the process of an adapter has beside the adapter itself. */
export interface AdapterProcess {
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  /** To be given to the adapter as its observer: logs, traces and counts what it tells. */
  readonly reports: AdapterReports;
  /** Carried out when the process is asked to end, the last first, each with what is left of the grace period. */
  onStop(step: (graceMs: number) => Promise<unknown>): void;
  /** Answers GET /health/live, /health/ready and /metrics from now on, as services do; resolves with the port. */
  listen(health: () => AdapterState): Promise<number>;
}

/** How the adapter is. */
export interface AdapterState {
  /** It can do its work. */
  readonly isReady: boolean;
  /** Messages without a delivered answer, and milliseconds since the oldest of them came. */
  readonly open: number;
  readonly oldestOpenMs: number;
}

const FLUSH_TRACES_WITHIN_MS = 1_000;
/** After the grace period: what closing may take before the process ends anyway. */
const CLOSE_WITHIN_MS = 1_000;
const MOST_PORT = 65_535;

/** The variables of an adapter's process beside those of the adapter, for its documentation. */
export function adapterProcessEnvironment(name: string, defaultPort: number) {
  return environmentSchema
    .pick({ NEXUS_HOST: true, NEXUS_REPLICA: true, NEXUS_LOG_LEVEL: true, OTEL_EXPORTER_OTLP_ENDPOINT: true, OTEL_TRACES_SAMPLER_ARG: true, NEXUS_SHUTDOWN_GRACE_MS: true })
    .extend<Record<never, never>>({ [portVariable(name)]: z.coerce.number('must be a port number').int('must be a port number').min(0).max(MOST_PORT, `must be at most ${MOST_PORT}`).default(defaultPort).describe(`Port on which the ${name} adapter tells its health and its metrics.`) });
}

/**
 * Runs an adapter as a process: `start` begins it, and what it hands to onStop() ends it on SIGTERM or SIGINT; then the process exits with 0.
 * A second signal exits at once. A start that fails exits with 1 after saying why.
 */
export async function adapterProcess(options: AdapterProcessOptions, start: (own: AdapterProcess) => Promise<void>): Promise<void> {
  let logger = createLogger().child({ service: options.name });
  try {
    requireNode(process.versions.node);
    const config = readConfig(options);
    logger = createLogger({ level: config.logLevel }).child({ service: options.name, replica: config.replica });
    stopOnUnexpectedErrors(logger);
    const teardown = new Teardown();
    stopOnSignals(teardown, config.graceMs, logger);
    const telemetry = await startTelemetry({ service: options.name, replica: config.replica, otlpEndpoint: config.otlpEndpoint, sampleRatio: config.sampleRatio });
    teardown.add(() => telemetry.shutdown(FLUSH_TRACES_WITHIN_MS));
    const metrics = new Metrics();
    measureProcess(metrics);
    const { tracer } = telemetry;
    await start({
      logger, tracer, metrics,
      reports: adapterReports({ surface: options.name, logger, tracer, metrics }),
      onStop: (step) => teardown.add(step),
      listen: (health) => listen({ ...config, metrics, teardown, surface: options.name, health }),
    });
    logger.info('adapter started');
  } catch (error) {
    if (error instanceof AppError) process.stderr.write(`${error.message}\n`);
    logger.fatal({ error }, 'adapter did not start');
    process.exit(1);
  }
}

function readConfig({ name, environment, defaultPort }: AdapterProcessOptions) {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = adapterProcessEnvironment(name, defaultPort).safeParse(set);
  if (!parsed.success) throw invalidConfiguration(name, parsed.error);
  const read = parsed.data;
  return {
    host: read.NEXUS_HOST,
    port: Number((read as Record<string, unknown>)[portVariable(name)]),
    replica: read.NEXUS_REPLICA ?? hostname(),
    logLevel: read.NEXUS_LOG_LEVEL,
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: read.OTEL_TRACES_SAMPLER_ARG,
    graceMs: read.NEXUS_SHUTDOWN_GRACE_MS,
  };
}

const portVariable = (name: string): string => `NEXUS_${name.toUpperCase().replaceAll('-', '_')}_PORT`;

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly surface: string;
  readonly metrics: Metrics;
  readonly teardown: Teardown;
  readonly health: () => AdapterState;
}

async function listen({ host, port, surface, metrics, teardown, health }: Listening): Promise<number> {
  metrics.gauge('nexus_adapter_open_messages', 'Messages of people whose answer is not delivered yet.', ['surface'], (gauge) => gauge.set({ surface }, health().open));
  metrics.gauge('nexus_adapter_oldest_open_seconds', 'How long the oldest of the messages waits whose answer is not delivered yet.', ['surface'], (gauge) => gauge.set({ surface }, health().oldestOpenMs / 1_000));
  let isStopping = false;
  const handlers = [plainHealth({ check: async () => !isStopping && health().isReady }), metricsEndpoint({ metrics })];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (!handlers.some((handle) => handle(request, response))) response.writeHead(404).end();
  });
  await opened(server, host, port);
  teardown.add(async () => {
    isStopping = true;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('port_not_usable', `Port ${port} of ${host} cannot be listened on. Choose another one.`, { cause })));
    server.listen(port, host, resolve);
  });
}

function stopOnSignals(teardown: Teardown, graceMs: number, logger: Logger): void {
  let isStopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), graceMs + CLOSE_WITHIN_MS).unref();
    try {
      await teardown.run(graceMs);
      logger.info('stopped');
      process.exit(0);
    } catch (error) {
      logger.error({ error }, 'did not stop cleanly');
      process.exit(1);
    }
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
