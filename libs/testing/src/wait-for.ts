import { AppError } from '@nexus/core';
import { pause } from './pause.js';

/** How long to wait. */
export interface WaitOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** Between two looks; default 10. */
  readonly intervalMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/**
 * Looks again and again until `look` gives something true, and returns that. A look that throws counts as "not yet". Throws
 * `wait_timeout` with the last answer after `timeoutMs`.
 */
export async function waitFor<T>(look: () => T | Promise<T>, { timeoutMs = 5_000, intervalMs = 10, what = 'what was waited for' }: WaitOptions = {}): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let seen: unknown;
    try {
      const answer = await look();
      if (answer !== null && answer !== undefined && Boolean(answer)) return answer;
      seen = answer;
    } catch (error) {
      seen = error;
    }
    if (performance.now() > deadline) {
      const last = seen instanceof Error ? seen.message : (JSON.stringify(seen) ?? 'undefined');
      throw new AppError('wait_timeout', `No sign of ${what} within ${timeoutMs} ms. The last look gave: ${last}`, { cause: seen });
    }
    await pause(intervalMs);
  }
}
