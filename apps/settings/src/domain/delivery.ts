/** Where a delivery stands; the numbers are those of DeliveryState. */
export const deliveryStates = { pending: 1, delivered: 2, failed: 3 } as const;

/** What one try to deliver an event gave. */
export type TryOutcome =
  | { readonly kind: 'delivered'; readonly status: number }
  /** `status` is 0 when there was no answer; `error` says in words what was wrong, without anything of the answer's body. */
  | { readonly kind: 'failed'; readonly status: number; readonly error: string; readonly retryAfterMs?: number | undefined }
  /** The receiver wants no more, ever. */
  | { readonly kind: 'gone'; readonly status: number };

/** What becomes of a delivery after a try. Times are Unix milliseconds. */
export interface AfterTry {
  readonly state: (typeof deliveryStates)[keyof typeof deliveryStates];
  /** Undefined when no try follows. */
  readonly nextTryAt: number | undefined;
  readonly status: number;
  readonly error: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between two tries; together three days and a few hours. */
const WAITS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** Waits are this share longer at most, so that what failed together does not come again together. */
const JITTER = 0.2;
const LONGEST_ASKED_WAIT_MS = 24 * HOUR;
/** A webhook to which nothing could be delivered for so long is switched off. */
const GIVEN_UP_AFTER_MS = 5 * 24 * HOUR;

const LEASE_BEYOND_MS = 5 * SECOND;

/**
 * How long a delivery is left to who tries it, for a receiver that may take `timeoutMs`: who has not told by then what came of it is gone, and another
 * replica tries. Clocks of replicas must differ by less than what is beyond the try.
 */
export const leaseMs = (timeoutMs: number): number => 2 * timeoutMs + LEASE_BEYOND_MS;

/** What follows on the try number `tries` (from 1). `random` is from 0 to below 1. */
export function afterTry(outcome: TryOutcome, tries: number, now: number, random: number): AfterTry {
  const { status } = outcome;
  if (outcome.kind === 'delivered') return { state: deliveryStates.delivered, nextTryAt: undefined, status, error: '' };
  const wait = WAITS[tries - 1];
  if (outcome.kind === 'gone') return { state: deliveryStates.failed, nextTryAt: undefined, status, error: 'the receiver answered 410: it wants no more' };
  if (wait === undefined) return { state: deliveryStates.failed, nextTryAt: undefined, status, error: outcome.error };
  const asked = Math.min(outcome.retryAfterMs ?? 0, LONGEST_ASKED_WAIT_MS);
  return { state: deliveryStates.pending, nextTryAt: now + Math.round(Math.max(wait, asked) * (1 + JITTER * random)), status, error: outcome.error };
}

/** Why a webhook is switched off after a try that failed; undefined when it is not. `failingSince`: since when no try has succeeded. */
export function reasonToSwitchOff(outcome: TryOutcome, failingSince: number, now: number): string | undefined {
  if (outcome.kind === 'gone') return 'The receiver answered 410: it wants no more.';
  return now - failingSince >= GIVEN_UP_AFTER_MS ? 'Nothing could be delivered for five days.' : undefined;
}
