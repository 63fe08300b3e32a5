import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorSchema } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { maskSecrets } from '../mask-secrets.js';
import { ProviderError, type ProviderErrorCode } from '../provider-error.js';

/** Where a call stood when it failed. */
export interface LocalProgress {
  readonly provider: string;
  /** True when the request was on its way. */
  readonly wasSent: boolean;
  /** True when a part of the answer had been handed on. */
  readonly hasStarted: boolean;
}

/**
 * What became of a call of a local model: what the server said, or what became of the connection. A local model charges nothing and
 * keeps nothing, so as long as nothing was handed on, all that it or the network did to a call may be tried again.
 */
export function localError(error: unknown, progress: LocalProgress): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof AppError) return new ProviderError(refusalOf(error.code), error.message, { ...progress, wasSent: false, cause: error });
  if (!progress.wasSent) return new ProviderError('connection', `cannot be reached (${nameOf(error)})`, { ...progress, cause: error });
  const spoken = ConnectError.from(error);
  if (isBroken(spoken)) {
    return progress.hasStarted
      ? new ProviderError('cut_stream', `broke the stream off before its end (${nameOf(error)})`, { ...progress, cause: error })
      : new ProviderError('server_error', `lost the connection before its answer began (${nameOf(error)})`, { ...progress, isRefusal: true, cause: error });
  }
  const detail = spoken.findDetails(ErrorSchema)[0];
  const words = maskSecrets(detail?.message || spoken.rawMessage, undefined);
  return new ProviderError(codeOf(spoken.code, detail?.code), words === '' ? `answered with the status ${Code[spoken.code]} and no message` : words, {
    ...progress,
    isRefusal: true,
    upstreamCode: detail?.code || Code[spoken.code],
    ...(detail && detail.retryAfterMs > 0n && { retryAfterMs: Number(detail.retryAfterMs) }),
    cause: error,
  });
}

/** What the connection did has a cause or, where it was reset, is a cancellation that nobody asked for; what a server says has neither. */
function isBroken(error: ConnectError): boolean {
  return error.cause !== undefined || (error.code === Code.Canceled && error.details.length === 0);
}

function refusalOf(code: string | undefined): ProviderErrorCode {
  return code === 'unsupported_value' ? code : 'invalid_request';
}

function codeOf(code: Code, detail: string | undefined): ProviderErrorCode {
  switch (code) {
    case Code.NotFound:
      return 'not_found';
    case Code.OutOfRange:
      return 'context_length';
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
      return refusalOf(detail);
    case Code.ResourceExhausted:
    case Code.Unavailable:
    case Code.Aborted:
      return 'overloaded';
    case Code.DeadlineExceeded:
      return 'timeout';
    case Code.Unauthenticated:
      return 'authentication';
    case Code.PermissionDenied:
      return 'permission';
    case Code.Canceled:
      return 'cancelled';
    case Code.Unimplemented:
      return 'bad_response';
    case Code.Internal:
    case Code.Unknown:
    case Code.DataLoss:
      return 'server_error';
  }
}

/** The code of a socket's error: its text may hold addresses. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  if (inner instanceof Error) return nameOf(inner);
  return error instanceof ConnectError ? Code[error.code] : error.name;
}
