import type { PriceOverrides } from '@nexus/contracts';
import { isPattern, matchesPattern } from './model-pattern.js';
import type { ListedPrice, PriceList, SteppedPrice } from './price-list.js';
import { priceForTenant } from './price-override.js';
import type { ProviderConfig } from './provider-config.js';

/** A model and what a call of it costs. */
export interface PricedModel {
  /** `provider/model`. */
  readonly id: string;
  /** Who says what it costs; undefined when nobody does, and the model is refused. */
  readonly pricedBy: 'list' | 'providers.yaml' | 'tenant' | undefined;
  readonly price: SteppedPrice | undefined;
  /** What the list says of the model beside its price; undefined when it does not know it. */
  readonly listed: ListedPrice | undefined;
}

export interface PricingSources {
  readonly providers: readonly ProviderConfig[];
  readonly prices: PriceList;
  readonly overrides: PriceOverrides | undefined;
  /** Names of models by provider, as those tell that are in reach. */
  readonly offered: ReadonlyMap<string, readonly string[]>;
  /** YYYY-MM-DD in UTC. */
  readonly day: string;
}

/** Every model that the configuration names or a provider offers, in the order of the file, each once. */
export function pricedModels(sources: PricingSources): PricedModel[] {
  return sources.providers.flatMap((provider) => {
    const named = provider.models.map((model) => model.id).filter((id) => !isPattern(id));
    const names = new Set([...named, ...(sources.offered.get(provider.name) ?? [])]);
    return [...names].map((name) => priced(provider, name, sources));
  });
}

/** The models that `asked` may mean: `gpt-4o` at every provider that has or takes it, or `openai/gpt-4o` at that one. Those with a price come first. */
export function pricedModelsNamed(asked: string, sources: PricingSources): PricedModel[] {
  const slash = asked.indexOf('/');
  const named = slash > 0 ? sources.providers.find((provider) => provider.name === asked.slice(0, slash)) : undefined;
  const found = named
    ? [priced(named, asked.slice(slash + 1), sources)]
    : sources.providers.filter((provider) => provider.models.some(({ id }) => (isPattern(id) ? id !== '*' && matchesPattern(id, asked) : id === asked))).map((provider) => priced(provider, asked, sources));
  return found.toSorted((a, b) => Number(b.price !== undefined) - Number(a.price !== undefined));
}

function priced(provider: ProviderConfig, name: string, { prices, overrides, day }: PricingSources): PricedModel {
  const model = provider.models.find(({ id }) => id === name) ?? provider.models.find(({ id }) => isPattern(id) && matchesPattern(id, name));
  const upstream = model?.upstreamName ?? name;
  const listed = prices.lookup(provider.priceVendor, upstream);
  const own = model?.price && { price: model.price, longContext: undefined };
  const before = own ?? (listed?.price && { price: listed.price, longContext: listed.longContext });
  const price = priceForTenant([`${provider.name}/${name}`, `${provider.name}/${upstream}`], before, overrides, day);
  const pricedBy = price === undefined ? undefined : price !== before ? 'tenant' : own ? 'providers.yaml' : 'list';
  return { id: `${provider.name}/${name}`, pricedBy, price, listed };
}
