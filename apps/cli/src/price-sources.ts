import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { priceOverridesSchema, type PriceOverrides } from '@nexus/contracts';
import { loadPriceList, parseProviders, pricedModels, pricedModelsNamed, type PricedModel, type PriceList } from '@nexus/provider-router/module';
import type { CliContext } from './cli-context.js';

/** What the price commands know. */
export interface KnownPrices {
  readonly list: PriceList;
  /** Every model that providers.yaml names or the gateway offers. */
  readonly models: readonly PricedModel[];
  /** Why nobody could be asked what is offered and what the tenant has set; undefined when the gateway told. */
  readonly withoutGateway: string | undefined;
  readonly find: (name: string) => PricedModel[];
}

/** Reads prices.json and providers.yaml, and asks the gateway, if it is there, what is offered and which prices the tenant has set. */
export async function knownPrices(context: CliContext, options: { readonly url?: string | undefined }): Promise<KnownPrices> {
  const { configDir } = context.config;
  const list = loadPriceList(join(configDir, 'prices.json'));
  const file = join(configDir, 'providers.yaml');
  const providers = parseProviders(readFileSync(file, 'utf8'), file);
  const told = await askGateway(context, options);
  const sources = { providers, prices: list, overrides: told.overrides, offered: told.offered, day: new Date().toISOString().slice(0, 10) };
  return { list, models: pricedModels(sources), withoutGateway: told.failure, find: (name) => pricedModelsNamed(name, sources) };
}

interface Told {
  readonly offered: ReadonlyMap<string, readonly string[]>;
  readonly overrides: PriceOverrides | undefined;
  readonly failure: string | undefined;
}

async function askGateway(context: CliContext, options: { readonly url?: string | undefined }): Promise<Told> {
  try {
    const { settings } = await context.gateway(options);
    const [{ providers }, { values }] = await Promise.all([settings.listProviders({}), settings.getConfig({ prefix: 'prices' })]);
    const offered = new Map(providers.map(({ status }) => [status?.name ?? '', status?.models ?? []]));
    const text = values['prices'];
    return { offered, overrides: text === undefined ? undefined : priceOverridesSchema.parse(JSON.parse(text)), failure: undefined };
  } catch (error) {
    return { offered: new Map(), overrides: undefined, failure: error instanceof Error ? error.message : String(error) };
  }
}
