/** Money is integer micro-USD (1 USD = 1,000,000); a price is micro-USD for one million tokens, also an integer. */
export type MicroUsd = number;

/** Prices of a model, each in micro-USD per million tokens; 2.5e-6 USD a token is 2_500_000. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. */
  readonly cacheRead: number;
  /** Input written to the provider's cache. */
  readonly cacheWrite: number;
}

/** Tokens in exclusive buckets: `input` holds neither cache reads nor cache writes; `output` includes reasoning tokens. */
export interface TokenCount {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

const MILLION = 1_000_000;

/** Cost in micro-USD, rounded up once at the end, so that no request is ever free by rounding. */
export function costOf(tokens: TokenCount, price: TokenPrice): MicroUsd {
  const scaled =
    product(tokens.input, price.input) +
    product(tokens.output, price.output) +
    product(tokens.cacheRead, price.cacheRead) +
    product(tokens.cacheWrite, price.cacheWrite);
  return Number((scaled + BigInt(MILLION - 1)) / BigInt(MILLION));
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
