import { costOf } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { allPrices, exclusive, tokenColumns } from './bucket-columns.js';

const tokens = { input: 1, output: 20, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5, audioInput: 6, audioOutput: 7, reasoning: 8, images: 9, requests: 10 };
const price = { input: 11_000_000, output: 13_000_000, cacheRead: 17_000_000, cacheWrite: 19_000_000 };

/** The cost of a ledger row by its columns, each bucket at its price. */
function costOfRow(buckets: ReturnType<typeof exclusive>, prices: ReturnType<typeof allPrices>): number {
  const { images, requests, ...counted } = buckets;
  const names = Object.keys(counted) as (keyof typeof counted)[];
  return (names.reduce((sum, name) => sum + counted[name] * prices[name], 0) + images * prices.image + requests * prices.request) / 1_000_000;
}

describe('the buckets of a ledger row', () => {
  it('hold each token once', () => {
    expect(exclusive(tokens)).toEqual({ ...tokens, output: 12 });
    expect(Object.keys(exclusive(tokens)).sort()).toEqual(Object.keys(tokenColumns).sort());
  });

  it.each([price, { ...price, cacheWrite1h: 23_000_000, audioInput: 29_000_000, audioOutput: 31_000_000, reasoning: 37_000_000, image: 41_000_000, request: 43_000_000 }])(
    'cost, each at its own price, what the call cost', (given) => {
      expect(costOfRow(exclusive(tokens), allPrices(given))).toBe(costOf(tokens, given));
    });
});
