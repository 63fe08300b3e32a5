import { hostname } from 'node:os';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import { parseFailpoints, type PlannedFailure } from './failpoint-plan.js';
import { defaultPorts, environmentName, serviceNames } from './service-addresses.js';
import type { ServiceName } from './service-definition.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every service needs to know of its surroundings; the keys are the environment's variables. */
export interface RuntimeConfig {
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly databaseUrl: string | undefined;
  readonly databaseAdminUrl: string | undefined;
  readonly isMigrating: boolean;
  readonly serviceToken: string;
  readonly host: string;
  readonly port: number;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly replica: string;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
  readonly sampleRatio: number;
  /** Undefined: the channels' own. */
  readonly claimIdleMs: number | undefined;
  readonly keyedCallLeaseMs: number;
  readonly shutdownGraceMs: number;
  readonly shutdownNoticeMs: number;
  readonly failures: readonly PlannedFailure[];
}

const port = z.coerce.number('must be a port number').int('must be a port number').min(0).max(65_535, 'must be at most 65535');
const url = (schemes: readonly string[]) =>
  z.string().refine((text) => schemes.includes(schemeOf(text)), `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`);
const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

const common = z.object({
  REDIS_URL: url(['redis:', 'rediss:']).default('redis://127.0.0.1:6379').describe('Redis 7.0 or newer: the channels.'),
  NEXUS_REDIS_PREFIX: z.string().default('').describe('Put before every Redis key, so that several NEXUS can use one Redis.'),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional().describe("Postgres. As the role nexus_<schema> the service only serves; as any other role it migrates its schema at start, then serves as nexus_<schema>."),
  DATABASE_ADMIN_URL: url(['postgres:', 'postgresql:']).optional().describe('Postgres as a role that may create roles and schemas: for migrations only.'),
  NEXUS_MIGRATE: flag.default(true).describe('false: migrations are applied elsewhere, by the service run with --prepare (a Kubernetes Job), never at start, which waits for them.'),
  NEXUS_SERVICE_TOKEN: z
    .string('must be set: a secret that all services of one NEXUS share; make one with: openssl rand -hex 32')
    .min(16, 'must have at least 16 characters; make one with: openssl rand -hex 32')
    .describe('Secret that the services of one NEXUS share: it lets them call each other.'),
  NEXUS_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every interface.'),
  NEXUS_PORT: port.optional().describe('Port of the gateway, 8080 by default.'),
  NEXUS_REPLICA: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'may hold letters, digits, dot, dash and underscore, at most 100')
    .optional()
    .describe('Name of this replica, stable over restarts: its consumer name and its own reply channel. Default: the host name.'),
  NEXUS_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent').default('info').describe('Least level that is logged.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']).optional().describe('OTLP/HTTP collector, e.g. http://127.0.0.1:4318; without it no trace is recorded.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number('must be a number from 0 to 1').min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1').default(1).describe('Share of the traces begun here that is exported, 0 to 1; of the others those parts are that ended in a process where something failed.'),
  NEXUS_CLAIM_IDLE_MS: z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(300, 'must be at least 300').max(3_600_000).optional().describe('A message whose reader gave no sign of life for this long is taken over by another replica; default 30000.'),
  NEXUS_KEYED_CALL_LEASE_MS: z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(300, 'must be at least 300').max(3_600_000).default(60_000).describe('A call with an Idempotency-Key whose execution gave no sign of life for this long may be carried out by its repetition; until then that gets 409.'),
  NEXUS_SHUTDOWN_GRACE_MS: z.coerce.number('must be milliseconds').int().min(0).max(600_000).default(25_000).describe('Time that work under way has to finish after SIGTERM.'),
  NEXUS_SHUTDOWN_NOTICE_MS: z.coerce.number('must be milliseconds').int().min(0).max(60_000).default(1_000).describe('Part of the grace period, at most half of it, in which new connections are still served: so long load balancers take to see that the service is no longer ready.'),
  NEXUS_DEAD_LETTER_DAYS: z.coerce.number('must be a number of days').int('must be a whole number of days').min(1, 'must be at least 1').max(3_650, 'must be at most 3650').default(7).describe('Days after its last failure for which a dead letter is kept; those that expire are counted in a metric.'),
  NEXUS_DEAD_LETTER_ALERT: z.coerce.number('must be a number of letters').int().min(0).default(100).describe('More dead letters of a service than this are warned of in its log; also told as a metric, for alerts.'),
  FAILPOINT: z.string().default('').describe('For fault tests only, never in production: places where the process shall fail, as name[:action][@pass], parted by commas.'),
});

const perService = Object.fromEntries<z.ZodType>(
  serviceNames.flatMap((service) => [
    [`NEXUS_${environmentName(service)}_PORT`, port.optional().describe(`Port of ${service}; default ${defaultPorts[service]}.`)],
    [`NEXUS_${environmentName(service)}_URL`, url(['http:', 'https:']).optional().describe(`Where ${service} answers; default http://127.0.0.1:${defaultPorts[service]}.`)],
  ]),
);

/** Every common variable with its explanation; the documentation is made from it. */
export const environmentSchema = common.extend<Record<never, never>>(perService);

/**
 * Reads the common environment of `service`. Throws an AppError `invalid_configuration` that names every wrong variable and what
 * to do, and no value. An empty variable counts as unset.
 */
export function readConfig(environment: Environment, service: ServiceName): RuntimeConfig {
  const parsed = environmentSchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration(service, parsed.error);
  const read = parsed.data;
  const extra = read as Record<string, unknown>;
  const portOf = (name: ServiceName) =>
    Number(extra[`NEXUS_${environmentName(name)}_PORT`] ?? (name === 'gateway' ? read.NEXUS_PORT : undefined) ?? defaultPorts[name]);
  const urlOf = (name: ServiceName) => (extra[`NEXUS_${environmentName(name)}_URL`] as string | undefined) ?? `http://127.0.0.1:${portOf(name)}`;
  return {
    redisUrl: read.REDIS_URL,
    redisPrefix: read.NEXUS_REDIS_PREFIX,
    databaseUrl: read.DATABASE_URL,
    databaseAdminUrl: read.DATABASE_ADMIN_URL,
    isMigrating: read.NEXUS_MIGRATE,
    serviceToken: read.NEXUS_SERVICE_TOKEN,
    host: read.NEXUS_HOST,
    port: portOf(service),
    urls: Object.fromEntries(serviceNames.map((name) => [name, urlOf(name)])) as Record<ServiceName, string>,
    replica: read.NEXUS_REPLICA ?? hostname(),
    logLevel: read.NEXUS_LOG_LEVEL,
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: read.OTEL_TRACES_SAMPLER_ARG,
    claimIdleMs: read.NEXUS_CLAIM_IDLE_MS,
    keyedCallLeaseMs: read.NEXUS_KEYED_CALL_LEASE_MS,
    shutdownGraceMs: read.NEXUS_SHUTDOWN_GRACE_MS,
    shutdownNoticeMs: read.NEXUS_SHUTDOWN_NOTICE_MS,
    failures: parseFailpoints(read.FAILPOINT),
  };
}

/** Only what traces need; for services that are started inside a process whose infrastructure was made elsewhere. */
export function readTelemetryConfig(environment: Environment, service: ServiceName): Pick<RuntimeConfig, 'otlpEndpoint' | 'sampleRatio'> {
  const parsed = common.pick({ OTEL_EXPORTER_OTLP_ENDPOINT: true, OTEL_TRACES_SAMPLER_ARG: true }).safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration(service, parsed.error);
  return { otlpEndpoint: parsed.data.OTEL_EXPORTER_OTLP_ENDPOINT, sampleRatio: parsed.data.OTEL_TRACES_SAMPLER_ARG };
}

const DAY_MS = 86_400_000;

/** How dead letters are kept: milliseconds after their last time, and above which number they are warned of. */
export function readDeadLetterConfig(environment: Environment, service: ServiceName): { readonly keepMs: number; readonly alertAt: number } {
  const parsed = common.pick({ NEXUS_DEAD_LETTER_DAYS: true, NEXUS_DEAD_LETTER_ALERT: true }).safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration(service, parsed.error);
  return { keepMs: parsed.data.NEXUS_DEAD_LETTER_DAYS * DAY_MS, alertAt: parsed.data.NEXUS_DEAD_LETTER_ALERT };
}

/** For a service's own config.ts: the same error, with every issue of `error` and no value. */
export function invalidConfiguration(service: string, error: z.ZodError): AppError {
  const lines = error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  return new AppError('invalid_configuration', `${service} cannot start, the environment is wrong:\n${lines.join('\n')}`, { cause: error });
}

/** The environment of this process: the only place that reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
}

function schemeOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : '';
}
