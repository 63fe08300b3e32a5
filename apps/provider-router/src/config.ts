import { join } from 'node:path';
import { invalidConfiguration, processEnvironment, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** What provider-router reads of its environment, beside each provider's own key and base URL (named in providers.yaml). */
export const routerEnvironmentSchema = z.object({
  NEXUS_CONFIG_DIR: z.string().min(1).default('config').describe('Folder of providers.yaml and model-prices.json.'),
  NEXUS_ROUTER_CONCURRENCY: z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be at least 1').max(100_000).default(512).describe('Model calls that a replica makes at once; further ones wait in the queue.'),
});

export interface RouterConfig {
  readonly providersFile: string;
  readonly pricesFile: string;
  readonly concurrency: number;
  /** Holds the providers' keys: never logged. */
  readonly environment: Environment;
}

export function readRouterConfig(environment: Environment = processEnvironment()): RouterConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = routerEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw invalidConfiguration('provider-router', parsed.error);
  const folder = parsed.data.NEXUS_CONFIG_DIR;
  return { providersFile: join(folder, 'providers.yaml'), pricesFile: join(folder, 'model-prices.json'), concurrency: parsed.data.NEXUS_ROUTER_CONCURRENCY, environment };
}
