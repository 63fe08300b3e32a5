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

/** What the router itself asks for: it stops, or could not ask the ledger. No provider was in the way, so nobody else has tried again. */
const ASKED_AGAIN: ReadonlySet<string> = new Set(['interrupted', 'stopping', 'usage_unavailable', 'settings_unavailable']);

/** What is known of the run and of its failed call. */
export interface FailedModelCall {
  /** Tries at this step's call before this one. */
  readonly tryNumber: number;
  readonly failsOnUnknown: boolean;
  /** The router told how it chose the model: then it has made all the retries and fallbacks that there are. A router before it had any of its own did not. */
  readonly isRouted: boolean;
}

/**
 * What follows on a failed model call. A new try is a new attempt, so that both are seen in the timeline and in the ledger. The router
 * owns the retries; what is left for a run is what the router cannot do for itself.
 *
 * `attempt_unknown` says that the router died while it called: the provider may have answered and charged. The person who waits
 * matters more than one call's price, so one more try is made, unless the run's agent says otherwise (`failsOnUnknown`); the first attempt
 * stays UNKNOWN in the ledger until it is resolved.
 */
export function answerToModelFailure(error: Error, { tryNumber, failsOnUnknown, isRouted }: FailedModelCall): ModelFailureAnswer {
  if (error.code === 'attempt_unknown') return tryNumber < MAX_RETRIES_OF_UNKNOWN && !failsOnUnknown ? { kind: 'retry', delayMs: 0 } : { kind: 'fail' };
  if (isRouted && !ASKED_AGAIN.has(error.code)) return { kind: 'fail' };
  const delayMs = Number(error.retryAfterMs) || (WAITS_MS[tryNumber] ?? 0);
  if (!error.isRetryable || tryNumber >= MAX_RETRIES || delayMs > LONGEST_WAIT_MS) return { kind: 'fail' };
  return { kind: 'retry', delayMs };
}

/** What NEXUS itself says no with before any provider is called: budget, policy, a model that is not to be had here. */
const REFUSALS: ReadonlySet<string> = new Set(['budget_exceeded', 'provider_disabled', 'model_not_found', 'provider_not_configured', 'model_price_unknown', 'model_not_allowed', 'no_model_can_serve', 'no_model_configured']);

/** The call was not made, because NEXUS may not or cannot make it. */
export const isRefusal = (error: Error): boolean => REFUSALS.has(error.code);

/** Nobody can say whether the provider was called, so what it cost is not known. */
export const isUseUnknown = (error: Error): boolean => error.code === 'attempt_unknown';
