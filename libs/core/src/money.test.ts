import { describe, expect, it } from 'vitest';
import { costOf, formatUsd } from './money.js';

const price = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 0 };

describe('costOf', () => {
  it('prices exclusive buckets', () => {
    expect(costOf({ input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 5 }, price)).toBe(13_750_000);
  });
  it('rounds up once, at the end', () => {
    expect(costOf({ input: 1, output: 1, cacheRead: 1, cacheWrite: 0 }, price)).toBe(14);
    expect(costOf({ input: 1, output: 0, cacheRead: 0, cacheWrite: 0 }, { ...price, input: 1 })).toBe(1);
  });
  it('stays exact beyond what a double can hold', () => {
    expect(costOf({ input: 9_000_000_000, output: 0, cacheRead: 0, cacheWrite: 0 }, { ...price, input: 600_000_001 })).toBe(5_400_000_009_000);
  });
  it('refuses a fraction of a token', () => {
    expect(() => costOf({ input: 0.5, output: 0, cacheRead: 0, cacheWrite: 0 }, price)).toThrow(RangeError);
  });
});

describe('formatUsd', () => {
  it('shows six decimals', () => {
    expect(formatUsd(1_234)).toBe('$0.001234');
    expect(formatUsd(-12_000_000)).toBe('-$12.000000');
  });
});
