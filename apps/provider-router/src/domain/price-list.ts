import type { TokenPrice } from '@nexus/core';
import { priceFromUsdPerToken } from './usd-price.js';

/** A model as the list has it: prices in USD per token, and undefined for what the list does not say. */
export interface PriceRow {
  /** `model` or `vendor/model`. */
  readonly key: string;
  readonly vendor: string;
  readonly mode: string;
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  /** For requests with more than 200,000 tokens of input. */
  readonly longInput: number | undefined;
  readonly longOutput: number | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly tools: boolean | undefined;
  readonly vision: boolean | undefined;
  readonly reasoning: boolean | undefined;
}

const LONG_CONTEXT_TOKENS = 200_000;

/** The price of a request whose whole input, cached tokens included, is larger than `aboveInputTokens`. */
export interface LongContextPrice {
  readonly aboveInputTokens: number;
  readonly price: TokenPrice;
}

/** What the price list says about a model; what it does not say is undefined, never 0 and never false. */
export interface ListedPrice {
  /** `chat`, `responses`, `embedding` ...: the kind of endpoint that serves the model. */
  readonly mode: string;
  /** Undefined when the list names no input or no output price. */
  readonly price: TokenPrice | undefined;
  readonly longContext: LongContextPrice | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly tools: boolean | undefined;
  readonly vision: boolean | undefined;
  readonly reasoning: boolean | undefined;
}

/** Prices and abilities by vendor and the vendor's own model name. */
export interface PriceList {
  lookup(vendor: string, model: string): ListedPrice | undefined;
}

/**
 * Makes the list from its rows. A model that is there twice, as `name` and as `vendor/name`, costs the dearer of the two. Cache reads
 * and writes without a price of their own cost what plain input costs. Throws RangeError for a price below zero.
 */
export function createPriceList(rows: readonly PriceRow[]): PriceList {
  const vendors = new Map<string, Map<string, ListedPrice>>();
  for (const row of rows) {
    const name = row.key.startsWith(`${row.vendor}/`) ? row.key.slice(row.vendor.length + 1) : row.key;
    const models = vendors.get(row.vendor) ?? new Map<string, ListedPrice>();
    vendors.set(row.vendor, models);
    const earlier = models.get(name);
    const listed = readRow(row);
    models.set(name, earlier ? { ...listed, price: dearer(earlier.price, listed.price) } : listed);
  }
  return { lookup: (vendor, model) => vendors.get(vendor)?.get(model) };
}

function readRow(row: PriceRow): ListedPrice {
  const price = readPrice(row);
  const { mode, maxInputTokens, maxOutputTokens, tools, vision, reasoning } = row;
  return { mode, price, longContext: price && readLongContext(row, price), maxInputTokens, maxOutputTokens, tools, vision, reasoning };
}

function readPrice({ input, output, cacheRead, cacheWrite }: PriceRow): TokenPrice | undefined {
  if (input === undefined || output === undefined) return undefined;
  return {
    input: priceFromUsdPerToken(input),
    output: priceFromUsdPerToken(output),
    cacheRead: priceFromUsdPerToken(cacheRead ?? input),
    cacheWrite: priceFromUsdPerToken(cacheWrite ?? input),
  };
}

/** Vendors that charge more for long inputs price the cache as a fixed part of input, so its price grows as the input's does. */
function readLongContext(row: PriceRow, price: TokenPrice): LongContextPrice | undefined {
  if (row.longInput === undefined || row.longOutput === undefined) return undefined;
  const input = priceFromUsdPerToken(row.longInput);
  const grow = (part: number): number => (price.input === 0 ? input : Math.ceil((part * input) / price.input));
  return {
    aboveInputTokens: LONG_CONTEXT_TOKENS,
    price: { input, output: priceFromUsdPerToken(row.longOutput), cacheRead: grow(price.cacheRead), cacheWrite: grow(price.cacheWrite) },
  };
}

function dearer(a: TokenPrice | undefined, b: TokenPrice | undefined): TokenPrice | undefined {
  if (!a || !b) return a ?? b;
  return {
    input: Math.max(a.input, b.input),
    output: Math.max(a.output, b.output),
    cacheRead: Math.max(a.cacheRead, b.cacheRead),
    cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
  };
}
