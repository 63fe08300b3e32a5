import type { Interceptor } from '@connectrpc/connect';
import { AppError } from '@nexus/core';
import type { Logger } from '../logger.js';
import { attributes } from '../telemetry/attributes.js';
import type { Span, Tracer } from '../telemetry/tracing.js';
import { callerKey } from './caller.js';
import { toConnectError } from './rpc-error.js';

/** Around every handler: a server span that its work hangs under, and errors in the shape that callers know; what NEXUS did not expect is logged. */
export function createRpcInterceptor(tracer: Tracer, logger: Logger): Interceptor {
  return (next) => async (request) => {
    const who = request.contextValues.get(callerKey);
    const method = `${request.service.typeName}/${request.method.name}`;
    const span = tracer.startSpan(method, { kind: 'server', parent: who.trace });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.rpcSystem]: 'connect_rpc',
        [attributes.rpcService]: request.service.typeName,
        [attributes.rpcMethod]: request.method.name,
        [attributes.tenantId]: who.tenantId === '' ? undefined : who.tenantId,
      });
    }
    request.contextValues.set(callerKey, { ...who, trace: span.trace });
    const fail = (error: unknown): never => {
      span.recordError(error);
      span.end();
      const shown = toConnectError(error);
      if (shown.cause instanceof AppError && shown.cause.status >= 500) {
        logger.error({ method, request_id: who.requestId, tenant: who.tenantId, error: shown.cause }, 'rpc failed');
      }
      throw shown;
    };
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: watched(response.message, span, fail) };
      span.end();
      return response;
    } catch (error) {
      return fail(error);
    }
  };
}

async function* watched<T>(messages: AsyncIterable<T>, span: Span, fail: (error: unknown) => never): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    fail(error);
  } finally {
    span.end();
  }
}
