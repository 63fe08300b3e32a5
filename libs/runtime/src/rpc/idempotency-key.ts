import { AppError } from '@nexus/core';

/** The same on HTTP and on RPC: makes a repeated change the same change. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';

const ACCEPTED = /^[\x21-\x7e]{1,255}$/;

/** The key, if it is one that somebody can have meant; else an AppError `invalid_value` (400). */
export function checkedIdempotencyKey(key: unknown): string {
  if (typeof key !== 'string' || !ACCEPTED.test(key)) {
    throw new AppError('invalid_value', 'The Idempotency-Key must have 1 to 255 visible ASCII characters; a UUID is a good one.', { status: 400, param: 'Idempotency-Key' });
  }
  return key;
}

/** The key was used before, for something else. */
export function keyReused(): AppError {
  return new AppError('idempotency_key_reused', 'This Idempotency-Key was used with another request. Use a new key for a new request.', { status: 422, param: 'Idempotency-Key' });
}

/** What was asked first under the key has no answer yet. */
export function keyInFlight(): AppError {
  return new AppError('in_progress', 'A request with this Idempotency-Key is under way. Ask again for its answer.', { status: 409, isRetryable: true, retryAfterMs: 1_000 });
}
