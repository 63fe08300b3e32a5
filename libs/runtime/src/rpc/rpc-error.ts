import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorSchema, fromWireError, toWireError } from '@nexus/contracts';
import { AppError } from '@nexus/core';

const codeOfStatus: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  402: Code.ResourceExhausted,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  408: Code.DeadlineExceeded,
  409: Code.Aborted,
  412: Code.FailedPrecondition,
  413: Code.ResourceExhausted,
  422: Code.InvalidArgument,
  429: Code.ResourceExhausted,
  499: Code.Canceled,
  500: Code.Internal,
  501: Code.Unimplemented,
  502: Code.Unavailable,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/** What an error without NEXUS's detail means: one that the transport made, or a stranger. */
const meaningOfCode: Readonly<Record<Code, { readonly code: string; readonly status: number; readonly isRetryable: boolean }>> = {
  [Code.Canceled]: { code: 'canceled', status: 499, isRetryable: false },
  [Code.Unknown]: { code: 'internal', status: 500, isRetryable: false },
  [Code.InvalidArgument]: { code: 'invalid_request', status: 400, isRetryable: false },
  [Code.DeadlineExceeded]: { code: 'deadline_exceeded', status: 504, isRetryable: true },
  [Code.NotFound]: { code: 'not_found', status: 404, isRetryable: false },
  [Code.AlreadyExists]: { code: 'already_exists', status: 409, isRetryable: false },
  [Code.PermissionDenied]: { code: 'permission_denied', status: 403, isRetryable: false },
  [Code.ResourceExhausted]: { code: 'resource_exhausted', status: 429, isRetryable: true },
  [Code.FailedPrecondition]: { code: 'failed_precondition', status: 412, isRetryable: false },
  [Code.Aborted]: { code: 'conflict', status: 409, isRetryable: true },
  [Code.OutOfRange]: { code: 'invalid_request', status: 400, isRetryable: false },
  [Code.Unimplemented]: { code: 'unimplemented', status: 501, isRetryable: false },
  [Code.Internal]: { code: 'internal', status: 500, isRetryable: false },
  [Code.Unavailable]: { code: 'unavailable', status: 503, isRetryable: true },
  [Code.DataLoss]: { code: 'data_loss', status: 500, isRetryable: false },
  [Code.Unauthenticated]: { code: 'unauthenticated', status: 401, isRetryable: false },
};

/** Codes of errors whose text nobody chose for a caller. */
const untold: ReadonlySet<Code> = new Set([Code.Unknown, Code.Internal, Code.DataLoss]);

/** An error as it travels to a caller: code, safe message, and nexus.common.v1.Error as its detail. What is unknown becomes `internal`. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError && !(error.cause instanceof AppError) && !untold.has(error.code)) return error;
  const app = AppError.from(error instanceof ConnectError && error.cause instanceof AppError ? error.cause : error);
  const headers = app.retryAfterMs === undefined ? undefined : { 'retry-after': String(Math.ceil(app.retryAfterMs / 1_000)) };
  return new ConnectError(app.message, codeOfStatus[app.status] ?? Code.Internal, headers, [{ desc: ErrorSchema, value: toWireError(app) }], app);
}

/** The AppError that a service answered with; for a failure of the way there, one whose code tells how. */
export function fromConnectError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const connect = ConnectError.from(error);
  const detail = connect.findDetails(ErrorSchema)[0];
  if (detail !== undefined) {
    return fromWireError(detail);
  }
  const meaning = meaningOfCode[connect.code];
  return new AppError(meaning.code, messageOf(meaning.code, connect), { status: meaning.status, isRetryable: meaning.isRetryable, cause: connect });
}

function messageOf(code: string, error: ConnectError): string {
  if (code === 'unavailable') return 'A service of NEXUS does not answer at the moment. Retry.';
  if (code === 'deadline_exceeded') return 'A service of NEXUS did not answer in time. Retry.';
  if (code === 'internal' || code === 'data_loss') return 'Something went wrong inside NEXUS. Retry, and give the request id when you report it.';
  return error.rawMessage;
}
