import { create } from '@bufbuild/protobuf';
import { AppError } from '@nexus/core';
import { ErrorSchema, type Error as WireError } from './gen/nexus/common/v1/common_pb.js';

/** A failure as it travels in a message: what may be shown, without its cause. */
export function toWireError(error: AppError): WireError {
  return create(ErrorSchema, {
    code: error.code,
    message: error.message,
    status: error.status,
    isRetryable: error.isRetryable,
    param: error.param ?? '',
    retryAfterMs: BigInt(Math.ceil(error.retryAfterMs ?? 0)),
  });
}

/** The failure that a message tells of; fields left out mean `internal`, status 500. */
export function fromWireError(error: WireError): AppError {
  return new AppError(error.code || 'internal', error.message || 'Something went wrong inside NEXUS.', {
    status: error.status || 500,
    isRetryable: error.isRetryable,
    ...(error.param !== '' && { param: error.param }),
    ...(error.retryAfterMs > 0n && { retryAfterMs: Number(error.retryAfterMs) }),
  });
}
