import { backoffMs } from '@nexus/core';
import type { RetryConfig } from './routing-config.js';

/** What is known of an attempt that failed. */
export interface FailedTry {
  readonly code: string;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** What it costs; after anything but `none` another try could be a second charge. */
  readonly charge: 'none' | 'unknown' | 'estimated';
}

/** Where a request stands when an attempt has failed. Milliseconds. */
export interface Standing {
  /** Tries of the same model before this one. */
  readonly retries: number;
  /** Attempts so far, this one among them. */
  readonly attempts: number;
  readonly hasNext: boolean;
  /** Until nobody waits any more. */
  readonly leftMs: number;
  readonly random: () => number;
}

export type AfterFailure = { readonly kind: 'retry'; readonly waitMs: number } | { readonly kind: 'next' } | { readonly kind: 'stop' };

/** What another model may do better: nothing of it is the request's own fault. The key, the credit and the name are of this provider. */
const HELPED_BY_ANOTHER: ReadonlySet<string> = new Set([
  'connection', 'rate_limited', 'overloaded', 'server_error', 'timeout', 'quota_exhausted', 'authentication', 'permission', 'not_found', 'context_length', 'unsupported_value',
]);
/** A wait longer than this is not worth it while another model stands ready. */
const PATIENCE_MS = 1_000;
/** A try that has less time than this cannot end well. */
const SHORTEST_TRY_MS = 250;

/**
 * What follows on a failed attempt, before any part of an answer was sent: the same model again after a wait, the next one, or the end.
 * Only what is known to have cost nothing is tried again. `mayRetry` is asked last, for it spends from the budget of retries.
 */
export function afterFailure(failure: FailedTry, standing: Standing, config: RetryConfig, mayRetry: () => boolean): AfterFailure {
  if (failure.charge !== 'none' || standing.attempts >= config.mostAttempts || standing.leftMs < SHORTEST_TRY_MS) return { kind: 'stop' };
  const next: AfterFailure = standing.hasNext && HELPED_BY_ANOTHER.has(failure.code) ? { kind: 'next' } : { kind: 'stop' };
  if (!failure.isRetryable || standing.retries >= config.most) return next;
  const asked = failure.retryAfterMs ?? 0;
  const waitMs = asked + backoffMs(standing.retries, config.baseMs, config.capMs, standing.random); // not all at the same moment
  if (next.kind === 'next' && waitMs > PATIENCE_MS) return next;
  if (asked > config.longestWaitMs || waitMs + SHORTEST_TRY_MS > standing.leftMs) return next;
  return mayRetry() ? { kind: 'retry', waitMs } : next;
}
