import type { DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { UsageService } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { serviceTransport } from './service-transport.js';

const [anyMethod] = UsageService.methods as DescMethodUnary[];

/** What a call says whose transport fails so. */
function failureOf(error: Error, signal?: AbortSignal): Promise<AppError> {
  const broken = { unary: () => Promise.reject(error) } as unknown as Transport;
  const calling = serviceTransport(() => broken, 'token').unary(anyMethod as DescMethodUnary, signal, undefined, undefined, {});
  return calling.then(() => new AppError('none', ''), (error: unknown) => AppError.from(error));
}

const cancelled = new ConnectError('http/2 stream closed with error code CANCEL (0x8)', Code.Canceled);

it('a call whose connection broke, for its service died, may be asked again', async () => {
  expect(await failureOf(cancelled)).toMatchObject({ code: 'unavailable', status: 503, isRetryable: true });
});

it('a call that its caller cancelled is cancelled', async () => {
  expect(await failureOf(cancelled, AbortSignal.abort())).toMatchObject({ code: 'canceled', status: 499 });
});
