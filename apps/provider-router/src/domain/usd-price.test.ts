import { describe, expect, it } from 'vitest';
import { priceFromUsdPerMillion, priceFromUsdPerToken } from './usd-price.js';

describe('prices in micro-USD per million tokens', () => {
  it('are exact where the decimal is, even when the double is not', () => {
    expect(priceFromUsdPerToken(2.5e-6)).toBe(2_500_000);
    expect(priceFromUsdPerToken(3e-7)).toBe(300_000);
    expect(priceFromUsdPerToken(3.625e-9)).toBe(3_625);
    expect(priceFromUsdPerToken(0)).toBe(0);
    expect(priceFromUsdPerMillion(1.005)).toBe(1_005_000);
    expect(priceFromUsdPerMillion(15)).toBe(15_000_000);
  });
  it('round half up below one micro-USD', () => {
    expect(priceFromUsdPerToken(1.4e-12)).toBe(1);
    expect(priceFromUsdPerToken(1.5e-12)).toBe(2);
    expect(priceFromUsdPerToken(4e-13)).toBe(0);
  });
  it('refuse what is no price', () => {
    expect(() => priceFromUsdPerToken(-1e-6)).toThrow(RangeError);
    expect(() => priceFromUsdPerToken(Number.NaN)).toThrow(RangeError);
    expect(() => priceFromUsdPerMillion(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => priceFromUsdPerMillion(1e300)).toThrow(RangeError);
  });
});
