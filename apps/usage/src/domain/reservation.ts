import { costOf, type MicroUsd } from '@nexus/core';
import type { PlannedAttempt } from './attempt.js';

/** What must be set aside before a call. */
export interface Reservation {
  /** The most that the call can cost. */
  readonly worstCase: MicroUsd;
  /** The part of it that no smaller output lowers, exact: micro-USD times 1,000,000. */
  readonly fixed: bigint;
  /** Micro-USD for a million tokens of the dearest output. */
  readonly outputPrice: number;
}

/**
 * The worst case of a call: the whole input bound at the dearest price that input can have (a provider may write it to its cache, read it from
 * there, or hear it), all the output it may have at the dearest price of output, and one piece of each kind that its model charges for. How
 * many pieces a call will need nobody knows before: what more of them cost is booked, and told as a cost above the reservation.
 */
export function reservationOf({ maxInputTokens, maxOutputTokens, price }: Pick<PlannedAttempt, 'maxInputTokens' | 'maxOutputTokens' | 'price'>): Reservation {
  const inputPrice = Math.max(price.input, price.cacheRead, price.cacheWrite, price.cacheWrite1h ?? 0, price.audioInput ?? 0);
  const outputPrice = Math.max(price.output, price.reasoning ?? 0, price.audioOutput ?? 0);
  const { image = 0, request = 0 } = price;
  return {
    worstCase: costOf({ input: maxInputTokens, output: maxOutputTokens, cacheRead: 0, cacheWrite: 0, images: 1, requests: 1 }, { input: inputPrice, output: outputPrice, cacheRead: 0, cacheWrite: 0, image, request }),
    fixed: BigInt(maxInputTokens) * BigInt(inputPrice) + BigInt(image) + BigInt(request),
    outputPrice,
  };
}
