import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { AppError } from '@nexus/core';
import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z.coerce.number('must be a port number').int('must be a port number').min(0, 'must be a port number').max(65_535, 'must be at most 65535');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });

/** What the command line reads of its environment; what the services read beside it is told in their own config.ts. */
export const cliEnvironmentSchema = z.object({
  NEXUS_DATA_DIR: z.string().default('.nexus').describe('Folder of what `nexus up` keeps: the database, the generated keys, the log.'),
  NEXUS_CONFIG_DIR: z.string().default('config').describe('Folder of providers.yaml, agents.yaml and prices.json.'),
  NEXUS_HOST: z.string().default('127.0.0.1').describe('Address that the gateway listens on.'),
  NEXUS_PORT: port.default(8080).describe('Port of the gateway.'),
  NEXUS_API_KEY: z.string().optional().describe('Key that the commands use. Default: NEXUS_DEV_API_KEY, else the one in the data folder.'),
  NEXUS_DEV_API_KEY: z.string().optional().describe('Admin key of the development tenant. Not set: `nexus up` makes one, and keeps it in the data folder.'),
  NEXUS_SERVICE_TOKEN: z.string().optional().describe('Secret that the services share. Not set: `nexus up` makes one, and keeps it in the data folder.'),
  NEXUS_GATEWAY_URL: httpUrl.optional().describe('Where the commands find the gateway. Default: where `nexus up` of this data folder listens, else http://127.0.0.1:NEXUS_PORT.'),
  NEXUS_REDIS_PREFIX: z.string().default('').describe('Put before every Redis key.'),
  REDIS_URL: z.string().optional().describe('Redis 7.0 or newer. Not set: `nexus up` starts a private one when there is a redis-server on the PATH.'),
  DATABASE_URL: z.string().optional().describe('Postgres, as a role that may make roles and schemas. Not set: `nexus up` starts its own in the data folder.'),
  NEXUS_DEMO_MODEL_URL: z.string().optional().describe('A demo model elsewhere. Not set: `nexus up` starts its own.'),
  NEXUS_LOCAL_MODEL: z.string().optional().describe('Path of a model of the GGUF format, which `nexus up` then runs too; the other NEXUS_LOCAL_MODEL_ variables count for it.'),
  NEXUS_LOCAL_MODEL_URL: z.string().optional().describe('A server of nexus.local.v1 elsewhere; `nexus up` then runs no local model.'),
});

/** What the commands and `nexus up` go by; paths are absolute. */
export interface CliConfig {
  readonly dataDir: string;
  readonly configDir: string;
  readonly envFile: string;
  readonly host: string;
  readonly port: number;
  readonly apiKey: string | undefined;
  readonly developmentKey: string | undefined;
  readonly serviceToken: string | undefined;
  readonly gatewayUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly redisPrefix: string;
  readonly databaseUrl: string | undefined;
  readonly demoModelUrl: string | undefined;
  /** A model file that runs with NEXUS. */
  readonly localModel: string | undefined;
  readonly localModelUrl: string | undefined;
}

/** The environment of this process over what `.env` in `folder` says; an empty variable counts as unset. */
export function readEnvironment(folder = process.cwd(), own: Environment = process.env): Environment {
  const file = join(folder, '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...withoutEmpty(fromFile), ...withoutEmpty(own) };
}

/** Throws AppError `invalid_configuration` that names every wrong variable and shows no value. */
export function readCliConfig(environment: Environment, folder = process.cwd()): CliConfig {
  const parsed = cliEnvironmentSchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
    throw new AppError('invalid_configuration', `The environment, or .env, is wrong:\n${lines.join('\n')}`, { cause: parsed.error });
  }
  const read = parsed.data;
  return {
    dataDir: resolve(folder, read.NEXUS_DATA_DIR),
    configDir: resolve(folder, read.NEXUS_CONFIG_DIR),
    envFile: join(folder, '.env'),
    host: read.NEXUS_HOST,
    port: read.NEXUS_PORT,
    apiKey: read.NEXUS_API_KEY,
    developmentKey: read.NEXUS_DEV_API_KEY,
    serviceToken: read.NEXUS_SERVICE_TOKEN,
    gatewayUrl: read.NEXUS_GATEWAY_URL,
    redisUrl: read.REDIS_URL,
    redisPrefix: read.NEXUS_REDIS_PREFIX,
    databaseUrl: read.DATABASE_URL,
    demoModelUrl: read.NEXUS_DEMO_MODEL_URL,
    localModel: read.NEXUS_LOCAL_MODEL,
    localModelUrl: read.NEXUS_LOCAL_MODEL_URL,
  };
}

function withoutEmpty(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}
