import { join } from 'node:path';
import { invalidConfiguration, processEnvironment, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** What provider-router reads of its environment, beside each provider's own key and base URL (named in providers.yaml). */
export const routerEnvironmentSchema = z.object({
  NEXUS_CONFIG_DIR: z.string().min(1).default('config').describe('Folder of providers.yaml and model-prices.json.'),
});

export interface RouterConfig {
  readonly providersFile: string;
  readonly pricesFile: string;
  /** Holds the providers' keys: never logged. */
  readonly environment: Environment;
}

export function readRouterConfig(environment: Environment = processEnvironment()): RouterConfig {
  const parsed = routerEnvironmentSchema.safeParse(environment);
  if (!parsed.success) throw invalidConfiguration('provider-router', parsed.error);
  const folder = parsed.data.NEXUS_CONFIG_DIR;
  return { providersFile: join(folder, 'providers.yaml'), pricesFile: join(folder, 'model-prices.json'), environment };
}
