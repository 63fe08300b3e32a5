import { describe, expect, it } from 'vitest';
import { reservationOf } from './reservation.js';

const price = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 0 };

describe('reservationOf', () => {
  it('is the whole input and the whole output at their prices', () => {
    expect(reservationOf({ maxInputTokens: 1_000, maxOutputTokens: 100, price })).toEqual({ worstCase: 3_500, fixed: 2_500_000_000n, outputPrice: 10_000_000 });
  });

  it('takes the dearest price that input can have, as a provider may write all of it to its cache', () => {
    const { worstCase } = reservationOf({ maxInputTokens: 1_000, maxOutputTokens: 0, price: { ...price, cacheWrite: 3_125_000 } });
    expect(worstCase).toBe(3_125);
  });

  it('takes the dearest price of each side, whichever bucket has it', () => {
    const bound = { maxInputTokens: 1_000, maxOutputTokens: 100 };
    expect(reservationOf({ ...bound, price: { ...price, cacheWrite1h: 5_000_000 } }).worstCase).toBe(6_000);
    expect(reservationOf({ ...bound, price: { ...price, audioInput: 40_000_000, audioOutput: 80_000_000 } }).worstCase).toBe(48_000);
    expect(reservationOf({ ...bound, price: { ...price, reasoning: 20_000_000 } })).toMatchObject({ worstCase: 4_500, outputPrice: 20_000_000 });
  });

  it('sets one piece aside of what is charged by the piece', () => {
    expect(reservationOf({ maxInputTokens: 0, maxOutputTokens: 0, price: { ...price, request: 5_000_000_000, image: 40_000_000_000 } }).worstCase).toBe(45_000);
  });

  it('is nothing for a model that costs nothing', () => {
    expect(reservationOf({ maxInputTokens: 9_000, maxOutputTokens: 9_000, price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } })).toEqual({ worstCase: 0, fixed: 0n, outputPrice: 0 });
  });
});
