import type { Error as WireError } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** The replica stops before it called: the request is left to the next reader. */
export const stopping = (): AppError => new AppError('stopping', 'This replica is stopping. Retry.', { status: 503, isRetryable: true });

export const cancelled = (): AppError => new AppError('cancelled', 'The call was cancelled before it was made.', { status: 499 });

export const late = (): AppError => new AppError('deadline_exceeded', 'The deadline passed before the model had answered.', { status: 504 });

export const inProgress = (): AppError => new AppError('in_progress', 'This very request is under way for somebody else. Wait for that answer.', { status: 409 });

/** Another router makes this call, and was alive a moment ago: whether it still is, is asked again. */
export const elsewhere = (): AppError => new AppError('in_flight_elsewhere', 'Another replica makes this call.', { status: 503, isRetryable: true });

/** What the call cost until then is booked, so another attempt is a new call with a price of its own. */
export const interrupted = (): AppError => new AppError('interrupted', 'The call was broken off because the replica that made it stops. Ask again.', { status: 503, isRetryable: true });

/** The ledger opened the attempt, but its answer was lost, and with it how much was granted. */
export const notOpened = (): AppError => new AppError('usage_unavailable', 'The ledger did not answer in time, so no model was called. Ask again.', { status: 503, isRetryable: true });

export const attemptUnknown = (): AppError =>
  new AppError('attempt_unknown', 'This call was begun before and its outcome is not known here. It is not repeated, because that could charge twice.', { status: 502 });

/** Nobody can say what the tenant has switched off, so nothing may be called; the request comes again. */
export const settingsUnavailable = (cause: unknown): AppError => new AppError('settings_unavailable', 'The settings do not answer, so no model may be called. Ask again.', { status: 503, isRetryable: true, cause });

/** The breaker of the only provider that could be called is open. */
export const providerUnavailable = (provider: string, retryAfterMs: number): AppError =>
  new AppError('provider_unavailable', `The provider "${provider}" has failed too often, and is left alone for a moment.`, { status: 503, isRetryable: true, retryAfterMs });

/** The only provider that could be called has got all that its limits in providers.yaml let through. */
export const providerBusy = (provider: string, retryAfterMs: number): AppError =>
  new AppError('provider_limit_reached', `The provider "${provider}" has got all the requests or tokens that its limit for a minute lets through.`, { status: 429, isRetryable: true, retryAfterMs });

/** The ledger's own word. */
export function refused(error: WireError | undefined): AppError {
  return new AppError(error?.code || 'refused', error?.message || 'The call was refused.', {
    status: error?.status || 403, isRetryable: error?.isRetryable ?? false, ...(error?.retryAfterMs ? { retryAfterMs: Number(error.retryAfterMs) } : {}),
  });
}
