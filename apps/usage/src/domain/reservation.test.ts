import { describe, expect, it } from 'vitest';
import { reservationOf } from './reservation.js';

const price = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 0 };

describe('reservationOf', () => {
  it('is the whole input and the whole output at their prices', () => {
    expect(reservationOf({ maxInputTokens: 1_000, maxOutputTokens: 100, price })).toEqual({ worstCase: 3_500, fixed: 2_500_000_000n });
  });

  it('takes the dearest price that input can have, as a provider may write all of it to its cache', () => {
    const { worstCase } = reservationOf({ maxInputTokens: 1_000, maxOutputTokens: 0, price: { ...price, cacheWrite: 3_125_000 } });
    expect(worstCase).toBe(3_125);
  });

  it('rounds up, so that the smallest call is not free', () => {
    expect(reservationOf({ maxInputTokens: 1, maxOutputTokens: 0, price: { ...price, input: 1, cacheRead: 0 } }).worstCase).toBe(1);
  });

  it('is nothing for a model that costs nothing', () => {
    expect(reservationOf({ maxInputTokens: 9_000, maxOutputTokens: 9_000, price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } })).toEqual({ worstCase: 0, fixed: 0n });
  });
});
