import { create } from '@bufbuild/protobuf';
import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { ErrorSchema } from './gen/nexus/common/v1/common_pb.js';
import { fromWireError, toWireError } from './wire-error.js';

it('brings an error to the other side with all that may be shown, and without its cause', () => {
  const error = new AppError('budget_exceeded', 'The budget day is used up.', { status: 402, isRetryable: true, param: 'model', retryAfterMs: 1_500.2, cause: new Error('secret') });
  const arrived = fromWireError(toWireError(error));
  expect(arrived).toMatchObject({ code: 'budget_exceeded', message: error.message, status: 402, isRetryable: true, param: 'model', retryAfterMs: 1_501 });
  expect(arrived.cause).toBeUndefined();
});

it('takes an error without fields for an internal one', () => {
  expect(fromWireError(create(ErrorSchema))).toMatchObject({ code: 'internal', status: 500, isRetryable: false, param: undefined, retryAfterMs: undefined });
});
