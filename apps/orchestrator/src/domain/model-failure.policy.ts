import type { Error } from '@nexus/contracts';

/** Tries at one model call after the first. */
const MAX_RETRIES = 2;
/** A model call of which nobody knows whether it was made is made once more, under a new attempt id. */
const MAX_RETRIES_OF_UNKNOWN = 1;
/** A wait that a provider asks for is kept up to this; a longer one ends the run. */
const LONGEST_WAIT_MS = 30_000;
/** Waits without an answer from the provider: after the first failure, after the second. */
const WAITS_MS = [250, 1_000];

export type ModelFailureAnswer = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'fail' };

/**
 * What follows on a failed model call: the one place that decides about another try. A new try is a new attempt, so that both are
 * seen in the timeline and in the ledger.
 *
 * `attempt_unknown` says that the router died while it called: the provider may have answered and charged. The person who waits
 * matters more than one call's price, so one more try is made, unless the run's agent says otherwise (`failsOnUnknown`); the first attempt
 * stays UNKNOWN in the ledger until it is resolved.
 */
export function answerToModelFailure(error: Error, tryNumber: number, failsOnUnknown: boolean): ModelFailureAnswer {
  if (error.code === 'attempt_unknown') return tryNumber < MAX_RETRIES_OF_UNKNOWN && !failsOnUnknown ? { kind: 'retry', delayMs: 0 } : { kind: 'fail' };
  const delayMs = Number(error.retryAfterMs) || (WAITS_MS[tryNumber] ?? 0);
  if (!error.isRetryable || tryNumber >= MAX_RETRIES || delayMs > LONGEST_WAIT_MS) return { kind: 'fail' };
  return { kind: 'retry', delayMs };
}

/** What NEXUS itself says no with before any provider is called: budget, policy, a model that is not to be had here. */
const REFUSALS: ReadonlySet<string> = new Set(['budget_exceeded', 'provider_disabled', 'model_not_found', 'provider_not_configured', 'model_price_unknown']);

/** The call was not made, because NEXUS may not or cannot make it. */
export const isRefusal = (error: Error): boolean => REFUSALS.has(error.code);

/** Nobody can say whether the provider was called, so what it cost is not known. */
export const isUseUnknown = (error: Error): boolean => error.code === 'attempt_unknown';
