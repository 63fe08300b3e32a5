import type { IncomingMessage } from 'node:http';
import { AppError } from '@nexus/core';

const ACCEPTED = /^[\x21-\x7e]{1,255}$/;

/** The request's Idempotency-Key, undefined without one. Throws an AppError 400 for one that nobody could have meant. */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !ACCEPTED.test(key)) {
    throw new AppError('invalid_value', 'The Idempotency-Key must have 1 to 255 visible ASCII characters; a UUID is a good one.', { status: 400, param: 'Idempotency-Key' });
  }
  return key;
}
