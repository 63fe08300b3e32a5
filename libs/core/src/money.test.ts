import { describe, expect, it } from 'vitest';
import { costOf, formatUsd, mixedCacheRead } from './money.js';

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

it('prices what came from the cache by the mean of its kinds, so that the cost is that of each', () => {
  const price = { input: 300_000, output: 2_500_000, cacheRead: 30_000, cacheWrite: 0, cacheReadAudio: 100_000 };
  const mixed = mixedCacheRead(price, { cacheRead: 3_000, sound: 1_885 });
  expect(mixed.cacheRead).toBe(73_983); // (1,115 x 30,000 + 1,885 x 100,000) / 3,000
  expect(costOf({ input: 0, output: 0, cacheRead: 3_000, cacheWrite: 0 }, mixed)).toBe(222);
  expect(mixedCacheRead(price, { cacheRead: 10, sound: 99 }).cacheRead).toBe(100_000);
  for (const same of [{ cacheRead: 10, sound: 0 }, { cacheRead: 0, sound: 5 }]) expect(mixedCacheRead(price, same)).toBe(price);
  expect(mixedCacheRead({ ...price, cacheReadAudio: undefined }, { cacheRead: 3, sound: 3 }).cacheRead).toBe(30_000);
});
