import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { IDEMPOTENCY_HEADER, checkedIdempotencyKey } from '@nexus/runtime';

/** The request's Idempotency-Key, undefined without one. Throws an AppError 400 for one that nobody could have meant. */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const key = request.headers[IDEMPOTENCY_HEADER];
  return key === undefined ? undefined : checkedIdempotencyKey(key);
}

/** SHA-256 of a body, as hex digits: what tells whether a key is used for the same request again. */
export function bodyHash(body: Uint8Array | string): string {
  return hash('sha256', body, 'hex');
}
