import { costOf, type MicroUsd } from '@nexus/core';
import type { PlannedAttempt } from './attempt.js';

/** What must be set aside before a call. */
export interface Reservation {
  /** The most that the call can cost. */
  readonly worstCase: MicroUsd;
  /** The part of it that no smaller output lowers, exact: micro-USD times 1,000,000. */
  readonly fixed: bigint;
}

/**
 * The worst case of a call: the whole input bound at the dearest price that input can have (a provider may write it to its cache, or
 * read it from there), and all the output it may have.
 */
export function reservationOf({ maxInputTokens, maxOutputTokens, price }: Pick<PlannedAttempt, 'maxInputTokens' | 'maxOutputTokens' | 'price'>): Reservation {
  const dearest = Math.max(price.input, price.cacheRead, price.cacheWrite);
  return {
    worstCase: costOf({ input: maxInputTokens, output: maxOutputTokens, cacheRead: 0, cacheWrite: 0 }, { ...price, input: dearest }),
    fixed: BigInt(maxInputTokens) * BigInt(dearest),
  };
}
