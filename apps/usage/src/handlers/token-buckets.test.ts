import { create } from '@bufbuild/protobuf';
import { TokenPriceSchema, TokenUsageSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { priceMessage, tokenCountFrom, tokenPriceFrom, tokenPriceSchema, tokenUsageSchema } from './token-buckets.js';

const usage = (fields: Parameters<typeof create<typeof TokenUsageSchema>>[1]) => tokenCountFrom(tokenUsageSchema.parse(create(TokenUsageSchema, fields)));
const price = (fields: Parameters<typeof create<typeof TokenPriceSchema>>[1]) => tokenPriceFrom(tokenPriceSchema.parse(create(TokenPriceSchema, fields)));

describe('tokenCountFrom', () => {
  it('reads every bucket', () => {
    expect(usage({ input: 1n, cacheRead: 2n, cacheWrite: 3n, cacheWrite1h: 4n, output: 50n, reasoning: 6n, audioInput: 7n, audioOutput: 8n, images: 9n, requests: 10n })).toEqual({
      input: 1, cacheRead: 2, cacheWrite: 3, cacheWrite1h: 4, output: 50, reasoning: 6, audioInput: 7, audioOutput: 8, images: 9, requests: 10,
    });
  });

  it('takes no more reasoning than there is output: such a record is booked, not refused', () => {
    expect(usage({ output: 5n, reasoning: 9n })).toMatchObject({ output: 5, reasoning: 5 });
  });
});

describe('tokenPriceFrom', () => {
  it('leaves out what nobody gave a price for, except reasoning that is said to be free', () => {
    expect(price({ input: 5n, output: 7n })).toMatchObject({ input: 5, output: 7, cacheWrite1h: undefined, audioInput: undefined, reasoning: undefined, image: undefined, version: undefined });
    expect(price({ reasoning: 0n }).reasoning).toBe(0);
  });

  it('is what priceMessage writes', () => {
    const all = price({ input: 1n, output: 2n, cacheRead: 3n, cacheWrite: 4n, cacheWrite1h: 5n, audioInput: 6n, audioOutput: 7n, reasoning: 8n, image: 9n, request: 10n, version: '2026-07-24' });
    expect(price(priceMessage(all))).toEqual(all);
    const few = price({ input: 1n });
    expect(price(priceMessage(few))).toEqual(few);
  });
});
