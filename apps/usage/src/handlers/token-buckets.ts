import type { TokenCount, TokenPrice } from '@nexus/core';
import { z } from 'zod';
import { storableText } from './storable-text.js';

/** $10,000 for a million tokens. */
const MAX_PRICE = 10_000_000_000n;
/** $1,000 for a piece. */
const MAX_PIECE_PRICE = 1_000_000_000_000_000n;

const price = z.bigint().min(0n, 'must not be negative').max(MAX_PRICE, `must be at most ${MAX_PRICE}`);
const piecePrice = z.bigint().min(0n, 'must not be negative').max(MAX_PIECE_PRICE, `must be at most ${MAX_PIECE_PRICE}`);

/** Prices as they travel. */
export const tokenPriceSchema = z.object({
  input: price, output: price, cacheRead: price, cacheWrite: price, cacheWrite1h: price, audioInput: price, audioOutput: price,
  reasoning: price.optional(), image: piecePrice, request: piecePrice, version: z.string(),
});

/** The prices of a message. On the wire a bucket of which nothing is said is 0, which means the price of the plain tokens. */
export function tokenPriceFrom(told: z.output<typeof tokenPriceSchema>): TokenPrice {
  return {
    input: Number(told.input), output: Number(told.output), cacheRead: Number(told.cacheRead), cacheWrite: Number(told.cacheWrite),
    cacheWrite1h: Number(told.cacheWrite1h) || undefined, audioInput: Number(told.audioInput) || undefined, audioOutput: Number(told.audioOutput) || undefined,
    reasoning: told.reasoning === undefined ? undefined : Number(told.reasoning),
    image: Number(told.image) || undefined, request: Number(told.request) || undefined, version: storableText(told.version) || undefined,
  };
}

/** Prices as they travel. */
export function priceMessage({ input, output, cacheRead, cacheWrite, cacheWrite1h = 0, audioInput = 0, audioOutput = 0, reasoning, image = 0, request = 0, version = '' }: TokenPrice) {
  return {
    input: BigInt(input), output: BigInt(output), cacheRead: BigInt(cacheRead), cacheWrite: BigInt(cacheWrite), cacheWrite1h: BigInt(cacheWrite1h),
    audioInput: BigInt(audioInput), audioOutput: BigInt(audioOutput), ...(reasoning !== undefined && { reasoning: BigInt(reasoning) }),
    image: BigInt(image), request: BigInt(request), version,
  };
}

const MAX_TOKENS = 1_000_000_000n;
const MAX_PIECES = 1_000_000n;

const pieces = z.bigint().min(0n, 'must not be negative').max(MAX_PIECES, `must be at most ${MAX_PIECES}`);
const tokens = z.bigint().min(0n, 'must not be negative').max(MAX_TOKENS, `must be at most ${MAX_TOKENS}`);

/** Usage as it travels. */
export const tokenUsageSchema = z.object({
  input: tokens, cacheRead: tokens, cacheWrite: tokens, cacheWrite1h: tokens, output: tokens, reasoning: tokens, audioInput: tokens, audioOutput: tokens,
  images: pieces, requests: pieces, estimated: z.boolean(),
});

/**
 * What a message says was used. Providers count reasoning as a part of output; where one says more, nobody knows which figure is wrong, and
 * all of the output counts as reasoning: money is booked by the total.
 */
export function tokenCountFrom(told: z.output<typeof tokenUsageSchema> | undefined): Required<TokenCount> {
  const output = Number(told?.output ?? 0);
  return {
    input: Number(told?.input ?? 0), output, cacheRead: Number(told?.cacheRead ?? 0), cacheWrite: Number(told?.cacheWrite ?? 0),
    cacheWrite1h: Number(told?.cacheWrite1h ?? 0), audioInput: Number(told?.audioInput ?? 0), audioOutput: Number(told?.audioOutput ?? 0),
    reasoning: Math.min(Number(told?.reasoning ?? 0), output), images: Number(told?.images ?? 0), requests: Number(told?.requests ?? 0),
  };
}
