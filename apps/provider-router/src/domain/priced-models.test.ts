import { expect, it } from 'vitest';
import { createPriceList } from './price-list.js';
import { pricedModels, pricedModelsNamed, type PricingSources } from './priced-models.js';
import type { ProviderConfig } from './provider-config.js';

const provider = (name: string, models: readonly object[]): ProviderConfig => ({ name, priceVendor: name, models }) as unknown as ProviderConfig;
const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const sources: PricingSources = {
  providers: [
    provider('openai', [{ id: 'gpt-4o' }, { id: 'best', upstreamName: 'gpt-4o' }, { id: 'gpt-99' }, { id: 'gpt-*' }]),
    provider('ollama', [{ id: '*', price: free }]),
  ],
  prices: createPriceList([{ key: 'gpt-4o', vendor: 'openai', mode: 'chat', input: 2.5e-6, output: 1e-5 }], '2026-07-24'),
  overrides: undefined,
  offered: new Map([['ollama', ['llama3.2']], ['openai', ['gpt-4o']]]),
  day: '2026-11-20',
};
const shown = (models: ReturnType<typeof pricedModels>) => models.map(({ id, pricedBy, price }) => [id, pricedBy, price?.price.input]);

it('knows of every model that is named or offered who says what it costs', () => {
  expect(shown(pricedModels(sources))).toEqual([
    ['openai/gpt-4o', 'list', 2_500_000],
    ['openai/best', 'list', 2_500_000],
    ['openai/gpt-99', undefined, undefined],
    ['ollama/llama3.2', 'providers.yaml', 0],
  ]);
});

it('shows what a tenant has set, under the name it gave or the name upstream', () => {
  const overrides = { 'openai/gpt-4o': [{ input: 1 }], 'openai/gpt-99': [{ from: '2026-12-01', input: 1, output: 1 }] };
  expect(shown(pricedModels({ ...sources, overrides })).slice(0, 3)).toEqual([
    ['openai/gpt-4o', 'tenant', 1_000_000],
    ['openai/best', 'tenant', 1_000_000],
    ['openai/gpt-99', undefined, undefined],
  ]);
});

it('finds a model by its name at every provider that takes it, those with a price first', () => {
  expect(shown(pricedModelsNamed('openai/gpt-5', sources))).toEqual([['openai/gpt-5', undefined, undefined]]);
  expect(shown(pricedModelsNamed('gpt-4o', sources))).toEqual([['openai/gpt-4o', 'list', 2_500_000]]);
  expect(shown(pricedModelsNamed('ollama/qwen', sources))).toEqual([['ollama/qwen', 'providers.yaml', 0]]);
  expect(pricedModelsNamed('nothing', sources)).toEqual([]);
});
