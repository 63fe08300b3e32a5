import { setTimeout as delay } from 'node:timers/promises';
import { AppError, backoffMs } from '@nexus/core';

export interface InsistOptions {
  /** Ends it: then it rejects with `stopping`. */
  readonly signal: AbortSignal;
  /** How often what is no retryable AppError is tried; default 1. */
  readonly triesOfUnknown?: number;
  /** How often at all; default: for ever. */
  readonly tries?: number;
  /** Told of each failure after which it goes on. */
  readonly onFailure?: (error: AppError) => void;
}

const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** Does it until it is done, with growing waits, while its failures are retryable; then rejects with the last of them. */
export async function insist<T>(work: () => Promise<T>, { signal, triesOfUnknown = 1, tries = Infinity, onFailure }: InsistOptions): Promise<T> {
  for (let failures = 1; ; failures++) {
    if (signal.aborted) throw stopping();
    try {
      return await work();
    } catch (error) {
      const known = AppError.from(error);
      const most = known.isRetryable ? tries : known.code === 'internal' ? triesOfUnknown : 1;
      if (failures >= most) throw known;
      onFailure?.(known);
      await delay(Math.max(known.retryAfterMs ?? 0, FIRST_MS / 2 + backoffMs(failures, FIRST_MS, LONGEST_MS)), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** What ends when the adapter stops: its next start takes it up again. */
export function stopping(): AppError {
  return new AppError('stopping', 'The adapter is stopping; its next start goes on.', { status: 503, isRetryable: true });
}
