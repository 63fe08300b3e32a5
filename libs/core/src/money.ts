/** Money is integer micro-USD (1 USD = 1,000,000); a price is micro-USD for one million tokens or pieces, also an integer. */
export type MicroUsd = number;

/**
 * What a call used, in exclusive buckets: `input` holds neither what was read from a cache, nor what was written to one, nor audio. Only
 * `reasoning` is a part of another: of `output`, as providers count. A bucket that is left out is 0.
 */
export interface TokenCount {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Written to a cache that keeps it for about five minutes. */
  readonly cacheWrite: number;
  /** Written to a cache that keeps it for an hour. */
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  /** No part of `output`. */
  readonly audioOutput?: number | undefined;
  readonly reasoning?: number | undefined;
  /** Pictures made. */
  readonly images?: number | undefined;
  /** What is charged by the piece beside tokens, such as searches. */
  readonly requests?: number | undefined;
}

/** Prices of a model, each in micro-USD per million; 2.5e-6 USD a token is 2_500_000. A price that is left out is that of the plain tokens. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. */
  readonly cacheRead: number;
  /** Input written to the provider's cache. */
  readonly cacheWrite: number;
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly reasoning?: number | undefined;
  /** Of sound read from the cache, where it has a price of its own. No bucket is counted by it: see `mixedCacheRead`. */
  readonly cacheReadAudio?: number | undefined;
  /** Of a picture; left out: nothing. */
  readonly image?: number | undefined;
  /** Of a search and the like; left out: nothing. */
  readonly request?: number | undefined;
  /** Which prices these are, such as `2026-07-24`. */
  readonly version?: string | undefined;
}

/**
 * The price of a call that read `sound` tokens of sound among its `cacheRead` tokens. There is one bucket for both, whose price is then the
 * mean of the two, rounded half up: so the cost is that of each at its own price, within a micro-USD.
 */
export function mixedCacheRead(price: TokenPrice, { cacheRead, sound }: { readonly cacheRead: number; readonly sound: number }): TokenPrice {
  const { cacheReadAudio } = price;
  if (cacheReadAudio === undefined || sound === 0 || cacheRead === 0) return price;
  const part = Math.min(sound, cacheRead);
  const total = product(cacheRead - part, price.cacheRead) + product(part, cacheReadAudio);
  return { ...price, cacheRead: Number((2n * total + BigInt(cacheRead)) / (2n * BigInt(cacheRead))) };
}

const MILLION = 1_000_000n;

/** Cost in micro-USD, rounded half up once at the end. */
export function costOf(tokens: TokenCount, price: TokenPrice): MicroUsd {
  const { reasoning = 0 } = tokens;
  if (reasoning > tokens.output) throw new RangeError(`reasoning is a part of output, and ${reasoning} is more than ${tokens.output}`);
  const scaled =
    product(tokens.input, price.input) +
    product(tokens.output - reasoning, price.output) +
    product(reasoning, price.reasoning ?? price.output) +
    product(tokens.cacheRead, price.cacheRead) +
    product(tokens.cacheWrite, price.cacheWrite) +
    product(tokens.cacheWrite1h ?? 0, price.cacheWrite1h ?? price.cacheWrite) +
    product(tokens.audioInput ?? 0, price.audioInput ?? price.input) +
    product(tokens.audioOutput ?? 0, price.audioOutput ?? price.output) +
    product(tokens.images ?? 0, price.image ?? 0) +
    product(tokens.requests ?? 0, price.request ?? 0);
  return Number((scaled + MILLION / 2n) / MILLION);
}

/** `$0.001234`: six decimals, exact. */
export function formatUsd(amount: MicroUsd): string {
  const sign = amount < 0 ? '-' : '';
  const digits = Math.abs(amount).toString().padStart(7, '0');
  return `${sign}$${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

function product(tokens: number, price: number): bigint {
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`tokens must be a non-negative integer, not ${tokens}`);
  if (!Number.isSafeInteger(price) || price < 0) throw new RangeError(`a price must be a non-negative integer, not ${price}`);
  const value = tokens * price;
  return Number.isSafeInteger(value) ? BigInt(value) : BigInt(tokens) * BigInt(price);
}
