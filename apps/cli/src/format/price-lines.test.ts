import { pricedModels, pricedModelsNamed, type PriceList } from '@nexus/provider-router/module';
import { expect, it } from 'vitest';
import { priceCheckLines, priceLines } from './price-lines.js';
import { usdPerMillion, usdPerPiece } from './usd-per-million.js';

const price = { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, request: 10_000_000_000, version: '2026-07-24' };
const listed = {
  mode: 'chat', price, longContext: { aboveInputTokens: 200_000, price: { ...price, input: 6_000_000 } }, maxInputTokens: 1_000_000, maxOutputTokens: 64_000,
  tools: true, vision: true, reasoning: undefined, responseSchema: true, audio: false, pdf: undefined,
};
const list: PriceList = { date: '2026-07-24', lookup: (vendor, model) => (vendor === 'anthropic' && model === 'sonnet' ? listed : undefined) };
const providers = [{ name: 'anthropic', priceVendor: 'anthropic', models: [{ id: 'sonnet' }, { id: 'new' }] }] as unknown as Parameters<typeof pricedModels>[0]['providers'];
const sources = { providers, prices: list, overrides: { 'anthropic/sonnet': [{ input: 2.5 }] }, offered: new Map(), day: '2026-11-20' };

it('writes prices exactly and without zeros at the end', () => {
  expect([2_500_000, 3_625, 0, 15_000_000, 1].map(usdPerMillion)).toEqual(['2.5', '0.003625', '0', '15', '0.000001']);
  expect(usdPerPiece(27_500_000_000)).toBe('0.0275');
});

it('shows what each bucket costs, step by step, and who says so', () => {
  const [model] = pricedModelsNamed('sonnet', { ...sources, overrides: undefined });
  if (model === undefined) throw new Error('there is a sonnet');
  expect(priceLines(model)).toEqual([
    'anthropic/sonnet    USD / 1M  above 200k',
    'input                      3           6',
    'cache read               0.3         0.3',
    'cache write, 5 min      3.75        3.75',
    'output                    15          15',
    '0.01 USD for a search',
    'price: prices.json, version 2026-07-24',
    'chat; 1000000 tokens in; 64000 out; can: tools, vision, response schema',
  ]);
});

it('names what has no price and what is overridden, and tells the age of the list', () => {
  expect(priceCheckLines(pricedModels(sources), list, Date.parse('2026-11-20T12:00:00Z'))).toEqual([
    'without a price, and so refused:',
    '  anthropic/new',
    "overridden by the tenant's configuration:",
    '  anthropic/sonnet  2.5 / 15',
    '2 models: 1 without a price, 1 overridden, 0 priced in providers.yaml.',
    'The price list is of 2026-07-24, 119 days old: check the prices of the models that you use, and override what has changed.',
  ]);
});
