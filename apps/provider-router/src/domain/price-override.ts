import type { PriceOverride, PriceOverrides } from '@nexus/contracts';
import type { TokenPrice } from '@nexus/core';
import type { LongContextPrice, SteppedPrice } from './price-list.js';
import { priceFromUsdPerMillion, priceFromUsdPerPiece } from './usd-price.js';

/** Marks the version of a price that a tenant has set. */
const TENANT_MARK = '+tenant';

type Rates = Pick<PriceOverride, 'input' | 'output' | 'cache_read' | 'cache_write' | 'cache_write_1h' | 'audio_input' | 'audio_output' | 'reasoning'>;

/**
 * What a model costs a tenant on a day (YYYY-MM-DD, UTC): what the list says, with the buckets that the tenant has set. It has set them
 * for inputs of every length, unless it says what long ones cost. `names` are the names of the model as `provider/model`, the one that
 * was asked for first. Undefined when neither the list nor the tenant names both an input and an output price.
 */
export function priceForTenant(names: readonly string[], listed: SteppedPrice | undefined, overrides: PriceOverrides | undefined, day: string): SteppedPrice | undefined {
  const override = overrides && overrideFor(names, overrides, day);
  if (!override) return listed;
  const version = `${listed?.price.version ?? ''}${TENANT_MARK}`;
  const price = withRates(listed?.price, override, { ...pieces(override), version });
  if (!price) return undefined;
  // What the list says of long inputs would be far from what was agreed on for short ones.
  const keepsSteps = override.input === undefined && override.output === undefined && override.long_context === undefined;
  return { price, longContext: keepsSteps ? restepped(listed?.longContext, override, version) : stepsOf(override, price) };
}

function overrideFor(names: readonly string[], overrides: PriceOverrides, day: string): PriceOverride | undefined {
  const name = names.find((it) => Object.hasOwn(overrides, it));
  const begun = (name === undefined ? [] : (overrides[name] ?? [])).filter(({ from = '' }) => from <= day);
  return begun.toSorted((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1)).at(-1);
}

function stepsOf({ long_context: steps = [] }: PriceOverride, base: TokenPrice): LongContextPrice | undefined {
  let below = base;
  const found = steps.toSorted((a, b) => a.above - b.above).map(({ above, ...rates }) => ({ aboveInputTokens: above, price: (below = { ...below, ...ratesOf(rates) }) }));
  return found.reduceRight<LongContextPrice | undefined>((longer, step) => ({ ...step, ...(longer && { longer }) }), undefined);
}

function restepped(step: LongContextPrice | undefined, override: PriceOverride, version: string): LongContextPrice | undefined {
  if (!step) return undefined;
  const longer = restepped(step.longer, override, version);
  return { aboveInputTokens: step.aboveInputTokens, price: { ...step.price, ...ratesOf(override), ...pieces(override), version }, ...(longer && { longer }) };
}

function withRates(listed: TokenPrice | undefined, override: PriceOverride, more: Partial<TokenPrice>): TokenPrice | undefined {
  const given = ratesOf(override);
  const input = given.input ?? listed?.input;
  const output = given.output ?? listed?.output;
  if (input === undefined || output === undefined) return undefined;
  return { cacheRead: input, cacheWrite: input, ...listed, input, output, ...given, ...more };
}

function ratesOf(rates: Rates): Partial<TokenPrice> {
  const usd: Readonly<Record<string, number | undefined>> = {
    input: rates.input, output: rates.output, cacheRead: rates.cache_read, cacheWrite: rates.cache_write, cacheWrite1h: rates.cache_write_1h,
    audioInput: rates.audio_input, audioOutput: rates.audio_output, reasoning: rates.reasoning,
  };
  return Object.fromEntries(Object.entries(usd).flatMap(([bucket, value]) => (value === undefined ? [] : [[bucket, priceFromUsdPerMillion(value)]])));
}

function pieces({ image, request }: PriceOverride): Partial<TokenPrice> {
  return { ...(image !== undefined && { image: priceFromUsdPerPiece(image) }), ...(request !== undefined && { request: priceFromUsdPerPiece(request) }) };
}
