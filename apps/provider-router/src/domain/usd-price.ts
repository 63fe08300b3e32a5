/** Digits of a price that one micro-USD per million tokens resolves: 1 USD a token is 10^12 of them. */
const USD_PER_TOKEN_DIGITS = 12;
const USD_PER_MILLION_DIGITS = 6;

/** Micro-USD per million tokens of a price in USD per token, rounded half up; 2.5e-6 gives 2_500_000. Throws RangeError below zero. */
export function priceFromUsdPerToken(usd: number): number {
  return scaleDecimal(usd, USD_PER_TOKEN_DIGITS);
}

/** Micro-USD per million tokens of a price in USD per million tokens, rounded half up; 2.5 gives 2_500_000. Throws RangeError below zero. */
export function priceFromUsdPerMillion(usd: number): number {
  return scaleDecimal(usd, USD_PER_MILLION_DIGITS);
}

/** Micro-USD per million pieces of a price in USD for one, rounded half up; 0.01 gives 10_000_000_000. Throws RangeError below zero. */
export function priceFromUsdPerPiece(usd: number): number {
  return scaleDecimal(usd, USD_PER_TOKEN_DIGITS);
}

/** `value * 10^digits` of the decimal that `value` is written as: 3e-7 is 0.0000003 here, not the double nearest to it. */
function scaleDecimal(value: number, digits: number): number {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (!match?.[1]) throw new RangeError(`a price must be a number of USD, zero or more, not ${value}`);
  const fraction = match[2] ?? '';
  const shift = digits - fraction.length + Number(match[3] ?? 0);
  const units = BigInt(match[1] + fraction);
  const scaled = shift >= 0 ? units * 10n ** BigInt(shift) : roundHalfUp(units, 10n ** BigInt(-shift));
  const result = Number(scaled);
  if (!Number.isSafeInteger(result)) throw new RangeError(`a price of ${value} USD is too large`);
  return result;
}

function roundHalfUp(units: bigint, divisor: bigint): bigint {
  return (2n * units + divisor) / (2n * divisor);
}
