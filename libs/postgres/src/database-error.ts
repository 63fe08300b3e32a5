import { AppError } from '@nexus/core';

const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/** Texts of `pg` for a connection that is gone; it gives them no code. */
const CONNECTION_TEXT = /connection terminated|connection error|timeout exceeded when trying to connect|client was closed|not queryable/i;

/**
 * Any error of `pg` as an AppError that keeps it as its hidden cause. Retryable: `database_unavailable` (no connection, shutting
 * down, out of connections, memory or disk), `database_conflict` (deadlock, serialization, lock timeout), `database_timeout`.
 * Everything else is `internal`.
 */
export function databaseError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (isUnavailable(code, error)) {
    return new AppError('database_unavailable', 'The database does not answer. Retry in a moment.', { status: 503, isRetryable: true, retryAfterMs: 1_000, cause: error });
  }
  if (code === '40001' || code === '40P01' || code === '55P03') {
    return new AppError('database_conflict', 'Another change got in the way. Retry.', { status: 503, isRetryable: true, retryAfterMs: 50, cause: error });
  }
  if (code === '57014' || code === '25P03') {
    return new AppError('database_timeout', 'The database took too long. Retry in a moment.', { status: 503, isRetryable: true, retryAfterMs: 1_000, cause: error });
  }
  return AppError.from(error);
}

/** SQLSTATE, or the system's code for a failed connection. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function isUnavailable(code: string | undefined, error: unknown): boolean {
  if (code === undefined) return error instanceof Error && CONNECTION_TEXT.test(error.message);
  return CONNECTION_LOST.has(code) || code.startsWith('08') || code.startsWith('53') || /^57P0[1-5]$/.test(code);
}
