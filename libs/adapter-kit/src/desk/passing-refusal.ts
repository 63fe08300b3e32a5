import { Outcome, type ProcessedRequest } from '@nexus/contracts';

/** Refusals that are about whoever asks, not about how much there is to do: these are told. */
const TOLD = new Set(['rate_limited', 'budget_exceeded', 'quota_exceeded']);
/** Nobody is left waiting longer than this without a word. */
const LONGEST_WAIT_MS = 60_000;

/** Nothing was begun, and the same message may be taken in a moment. */
export function isPassing({ outcome, runId, error }: ProcessedRequest): boolean {
  if (outcome !== Outcome.REFUSED || runId !== '' || error === undefined) return false;
  return error.isRetryable && !TOLD.has(error.code) && Number(error.retryAfterMs) <= LONGEST_WAIT_MS;
}
