import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorSchema, toWireError } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** A failure as the contract tells it: a gRPC status, with nexus.common.v1.Error as its detail. What nobody expected says nothing of its cause. */
export function rpcStatus(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const app = AppError.from(error);
  return new ConnectError(app.message, codeOf(app), undefined, [{ desc: ErrorSchema, value: toWireError(app) }], app);
}

function codeOf({ code, status }: AppError): Code {
  if (code === 'context_length') return Code.OutOfRange;
  switch (status) {
    case 400:
      return Code.InvalidArgument;
    case 404:
      return Code.NotFound;
    case 429:
      return Code.ResourceExhausted;
    case 503:
      return Code.Unavailable;
    default:
      return Code.Internal;
  }
}
