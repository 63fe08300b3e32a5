import { join } from 'node:path';
import { invalidConfiguration, processEnvironment, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** What provider-router reads of its environment, beside each provider's own key and base URL (named in providers.yaml). */
export const routerEnvironmentSchema = z.object({
  NEXUS_CONFIG_DIR: z.string().min(1).default('config').describe('Folder of providers.yaml, routing.yaml and prices.json.'),
  NEXUS_OWNER_TTL_MS: z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(300, 'must be at least 300').max(600_000).default(10_000)
    .describe('A router that the ledger has not heard of for this time counts as gone, and its open attempts as UNKNOWN. It reports every third of it.'),
  NEXUS_ANSWER_MEMORY_MB: z.coerce.number('must be megabytes').min(1, 'must be at least 1').max(65_536).default(64)
    .describe('Memory for the answers of the last ten minutes, which a request that comes again gets once more.'),
  NEXUS_PICTURE_CACHE_MB: z.coerce.number('must be megabytes').min(1, 'must be at least 1').max(65_536).default(64)
    .describe('Memory for stored pictures that were shown to models, so that the next step of a run need not read them again.'),
  NEXUS_ROUTER_CONCURRENCY: z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be at least 1').max(100_000).default(512).describe('Model calls that a replica makes at once; further ones wait in the queue.'),
  NEXUS_EGRESS_PROXY: z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === 'http:', 'must be a URL that begins with http://').optional()
    .describe('HTTP proxy, e.g. http://egress-proxy:3128, through which providers over https are called (CONNECT: it sees the host and no key). Not set: they are called directly.'),
});

export interface RouterConfig {
  readonly providersFile: string;
  readonly pricesFile: string;
  readonly routingFile: string;
  readonly ownerTtlMs: number;
  readonly answerMemoryBytes: number;
  readonly pictureCacheBytes: number;
  readonly concurrency: number;
  /** Undefined: providers are called directly. */
  readonly egressProxy: URL | undefined;
  /** Holds the providers' keys: never logged. */
  readonly environment: Environment;
}

const MEGABYTE = 1_048_576;

export function readRouterConfig(environment: Environment = processEnvironment()): RouterConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = routerEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw invalidConfiguration('provider-router', parsed.error);
  const read = parsed.data;
  return {
    providersFile: join(read.NEXUS_CONFIG_DIR, 'providers.yaml'),
    pricesFile: join(read.NEXUS_CONFIG_DIR, 'prices.json'),
    routingFile: join(read.NEXUS_CONFIG_DIR, 'routing.yaml'),
    ownerTtlMs: read.NEXUS_OWNER_TTL_MS,
    pictureCacheBytes: read.NEXUS_PICTURE_CACHE_MB * MEGABYTE,
    answerMemoryBytes: read.NEXUS_ANSWER_MEMORY_MB * MEGABYTE,
    concurrency: read.NEXUS_ROUTER_CONCURRENCY,
    egressProxy: read.NEXUS_EGRESS_PROXY === undefined ? undefined : new URL(read.NEXUS_EGRESS_PROXY),
    environment,
  };
}
