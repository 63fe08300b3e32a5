import { expect, it } from 'vitest';
import { createModelCatalog } from './domain/model-catalog.js';
import { defaultRouting } from './domain/routing/routing-config.js';
import { tiers } from './domain/routing/tier.js';
import { loadPriceList } from './providers/load-price-list.js';
import { loadProviders } from './providers/load-providers.js';
import { loadRouting, parseRouting } from './routing-file.js';

const config = new URL('../../../config/', import.meta.url).pathname;

it('an empty file, and none, is the defaults', () => {
  expect(parseRouting('', 'routing.yaml')).toEqual(defaultRouting);
  expect(loadRouting('/nowhere/routing.yaml')).toBe(defaultRouting);
});

it('reads what it says', () => {
  expect(parseRouting('tiers: { fast: [a/b, c/*] }\nlast_resort: null\nfallbacks: { house: [a/b] }\nclassifier: { model: fast, below: 0.5 }\nretries: { most: 0 }', 'f')).toEqual({
    ...defaultRouting, tiers: { fast: ['a/b', 'c/*'], balanced: [], best: [] }, lastResort: undefined, fallbacks: new Map([['house', ['a/b']]]),
    classifier: { ...defaultRouting.classifier, model: 'fast', below: 0.5 }, retries: { ...defaultRouting.retries, most: 0 },
  });
});

it.each([
  ['tiers:\n  quick: []', 'f:2:10: tiers.quick: is not known here'],
  ['tiers:\n  fast: [balanced]', 'f:2:10: tiers.fast.0: must be a model or a pattern: a tier cannot hold a tier'],
  ['default_tier: good', 'f:1:15: default_tier: must be fast, balanced or best'],
  ['fallbacks:\n  a/b: []', 'f:2:8: fallbacks.a/b: must name at least one model'],
  ['fallbacks:\n  auto: [a/b]', 'auto is a name of its own'],
  ['retries: { share: 2 }', 'f:1:19: retries.share: must be at most 1'],
  ['retries: { most: -1 }\ntier_order: best', 'f:2:13: tier_order: must be cheapest or listed'],
  ['tiers: [', 'f:1:'],
])('says where %j is wrong', (text, fault) => {
  expect(() => parseRouting(text, 'f')).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(fault) as string }));
});

it('the file that NEXUS comes with names models that there are, whose prices are known', () => {
  const routing = loadRouting(`${config}routing.yaml`);
  const providers = loadProviders(`${config}providers.yaml`);
  const env = Object.fromEntries(providers.flatMap(({ keyEnv, baseUrlEnv }) => [...keyEnv.map((name) => [name, 'key']), ...(baseUrlEnv === undefined ? [] : [[baseUrlEnv, 'http://localhost:1/v1']])]) as [string, string][]);
  const catalog = createModelCatalog({ providers, env, prices: loadPriceList(`${config}prices.json`) });
  const named = tiers.flatMap((tier) => routing.tiers[tier]).filter((name) => !name.endsWith('*'));
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(catalog.resolve(name).price.output, name).toBeGreaterThan(0);
  expect(catalog.resolve(routing.lastResort ?? '').id).toBe('demo/demo');
});
