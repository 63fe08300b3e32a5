import { describe, expect, it } from 'vitest';
import { costOf, formatUsd } from './money.js';

const price = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 0 };

describe('costOf', () => {
  it('prices exclusive buckets', () => {
    expect(costOf({ input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 5 }, price)).toBe(13_750_000);
  });
  it('rounds half up once, at the end', () => {
    expect(costOf({ input: 1, output: 1, cacheRead: 1, cacheWrite: 0 }, price)).toBe(14); // 13.75
    expect(costOf({ input: 1, output: 0, cacheRead: 0, cacheWrite: 0 }, price)).toBe(3); // 2.5
    expect(costOf({ input: 1, output: 0, cacheRead: 0, cacheWrite: 0 }, { ...price, input: 499_999 })).toBe(0);
  });
  it('prices what is left out of the price as plain tokens, and pieces as nothing', () => {
    const tokens = { input: 0, output: 3_000_000, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 1_000_000, audioInput: 1_000_000, audioOutput: 1_000_000, reasoning: 1_000_000, images: 5, requests: 5 };
    expect(costOf(tokens, price)).toBe(30_000_000 + 0 + 2_500_000 + 10_000_000);
    expect(costOf(tokens, { ...price, cacheWrite1h: 5, audioInput: 40, audioOutput: 80, reasoning: 1, image: 3_000_000, request: 5_000_000 })).toBe(20_000_000 + 1 + 5 + 40 + 80 + 15 + 25);
  });
  it('refuses more reasoning than output', () => {
    expect(() => costOf({ input: 0, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 2 }, price)).toThrow(RangeError);
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
