import type { TokenPrice } from '@nexus/core';
import type { PricedModel, PriceList } from '@nexus/provider-router/module';
import { table, type Column } from './table.js';
import { usdPerMillion, usdPerPiece } from './usd-per-million.js';

/** A list that is older than this may well be wrong. */
const OLD_AFTER_DAYS = 90;
const DAY_MS = 86_400_000;

const BUCKETS = [
  ['input', 'input'], ['cacheRead', 'cache read'], ['cacheReadAudio', 'cache read, sound'], ['cacheWrite', 'cache write, 5 min'], ['cacheWrite1h', 'cache write, 1 h'], ['output', 'output'],
  ['reasoning', 'reasoning'], ['audioInput', 'audio input'], ['audioOutput', 'audio output'],
] as const satisfies readonly (readonly [keyof TokenPrice, string])[];

/** What `nexus prices show` says of a model: what each bucket costs, step by step, who says so, and what the model can do. */
export function priceLines({ id, pricedBy, price, listed }: PricedModel): string[] {
  if (!price) return [`${id}: nobody says what it costs, so it is refused. Add a price to providers.yaml, or set it: configuration key "prices".`];
  const steps: { readonly title: string; readonly price: TokenPrice }[] = [{ title: 'USD / 1M', price: price.price }];
  for (let step = price.longContext; step; step = step.longer) steps.push({ title: `above ${step.aboveInputTokens / 1_000}k`, price: step.price });
  const columns: Column[] = [{ title: id }, ...steps.map(({ title }) => ({ title, align: 'right' as const }))];
  const rows = BUCKETS.flatMap(([bucket, words]) => (price.price[bucket] === undefined ? [] : [[words, ...steps.map((step) => usdPerMillion(step.price[bucket] ?? 0))]]));
  const { image, request, version } = price.price;
  const each = [...(image === undefined ? [] : [`${usdPerPiece(image)} USD for a picture`]), ...(request === undefined ? [] : [`${usdPerPiece(request)} USD for a search`])];
  const says = { list: 'prices.json', 'providers.yaml': 'providers.yaml', tenant: "the tenant's configuration (prices)" };
  return [
    ...table(columns, rows),
    ...(each.length > 0 ? [each.join(', ')] : []),
    `price: ${pricedBy === undefined ? 'unknown' : says[pricedBy]}${version ? `, version ${version}` : ''}`,
    ...(listed ? [`${listed.mode}; ${abilities(listed)}`] : []),
  ];
}

/** What `nexus prices check` says: what has no price, what is overridden, how old the list is. */
export function priceCheckLines(models: readonly PricedModel[], list: PriceList, now: number): string[] {
  const missing = models.filter(({ price }) => !price);
  const overridden = models.filter(({ pricedBy }) => pricedBy === 'tenant');
  const own = models.filter(({ pricedBy }) => pricedBy === 'providers.yaml');
  return [
    ...section(missing, 'without a price, and so refused'),
    ...section(overridden, "overridden by the tenant's configuration"),
    ...section(own, 'priced in providers.yaml'),
    `${models.length} models: ${missing.length} without a price, ${overridden.length} overridden, ${own.length} priced in providers.yaml.`,
    ageLine(list, now),
  ];
}

function section(models: readonly PricedModel[], title: string): string[] {
  return models.length === 0 ? [] : [`${title}:`, ...models.map(({ id, price }) => `  ${id}${price ? `  ${usdPerMillion(price.price.input)} / ${usdPerMillion(price.price.output)}` : ''}`)];
}

function ageLine({ date }: PriceList, now: number): string {
  if (date === undefined) return 'The price list does not say of which day it is.';
  const days = Math.floor((now - Date.parse(`${date}T00:00:00Z`)) / DAY_MS);
  return `The price list is of ${date}, ${days} ${days === 1 ? 'day' : 'days'} old${days > OLD_AFTER_DAYS ? ': check the prices of the models that you use, and override what has changed' : ''}.`;
}

function abilities(listed: NonNullable<PricedModel['listed']>): string {
  const can = (['tools', 'vision', 'responseSchema', 'reasoning', 'audio', 'pdf'] as const).filter((ability) => listed[ability] === true).map((ability) => (ability === 'responseSchema' ? 'response schema' : ability));
  const sizes = [
    ...(listed.maxInputTokens === undefined ? [] : [`${listed.maxInputTokens} tokens in`]),
    ...(listed.maxOutputTokens === undefined ? [] : [`${listed.maxOutputTokens} out`]),
  ];
  return [...sizes, can.length > 0 ? `can: ${can.join(', ')}` : 'no ability is listed'].join('; ');
}
