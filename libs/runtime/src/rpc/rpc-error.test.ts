import { Code, ConnectError } from '@connectrpc/connect';
import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { fromConnectError, toConnectError } from './rpc-error.js';

describe('errors on their way', () => {
  it.each([
    [400, Code.InvalidArgument], [401, Code.Unauthenticated], [402, Code.ResourceExhausted], [403, Code.PermissionDenied], [404, Code.NotFound],
    [409, Code.Aborted], [422, Code.InvalidArgument], [429, Code.ResourceExhausted], [500, Code.Internal], [503, Code.Unavailable], [504, Code.DeadlineExceeded], [418, Code.Internal],
  ])('status %i is code %i, and comes back as it was', (status, code) => {
    const error = new AppError('some_code', 'Some text.', { status, isRetryable: true, param: 'x', retryAfterMs: 20 });
    const onTheWire = toConnectError(error);
    expect(onTheWire.code).toBe(code);
    expect(fromConnectError(onTheWire)).toMatchObject({ code: 'some_code', message: 'Some text.', status, isRetryable: true, param: 'x', retryAfterMs: 20 });
  });

  it('say nothing of what is not meant for others', () => {
    const shown = toConnectError(new TypeError('cannot read hunter2'));
    expect(shown).toMatchObject({ code: Code.Internal });
    expect(shown.message).not.toContain('hunter2');
    const wrapped = toConnectError(ConnectError.from(new Error('hunter2')));
    expect(wrapped.message).not.toContain('hunter2');
    expect(fromConnectError(wrapped)).toMatchObject({ code: 'internal', status: 500 });
  });

  it('are left alone when the transport made them', () => {
    const aborted = new ConnectError('the operation was aborted', Code.Canceled);
    expect(toConnectError(aborted)).toBe(aborted);
    expect(fromConnectError(aborted)).toMatchObject({ code: 'canceled', status: 499, isRetryable: false });
  });

  it('tell of a service that cannot be reached as one that may be asked again', () => {
    expect(fromConnectError(new ConnectError('connect ECONNREFUSED 10.0.0.7:50055', Code.Unavailable))).toMatchObject({ code: 'unavailable', status: 503, isRetryable: true, message: expect.not.stringContaining('10.0.0.7') });
  });
});
