import type { Interceptor } from '@connectrpc/connect';
import { AppError } from '@nexus/core';
import type { Logger } from '../logger.js';
import { SECONDS, type Metrics } from '../metrics/metrics.js';
import { attributes } from '../telemetry/attributes.js';
import type { Tracer } from '../telemetry/tracing.js';
import { callerKey } from './caller.js';
import { fromConnectError, toConnectError } from './rpc-error.js';

/** What a call shows of itself. */
export interface RpcTelemetry {
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Around every handler: a server span that its work hangs under, how long it takes, and errors in the shape that callers know; what NEXUS did not expect is logged. */
export function createRpcInterceptor({ tracer, metrics, logger }: RpcTelemetry): Interceptor {
  const durations = metrics.histogram('rpc_server_call_duration_seconds', 'How long calls of protobuf services took, streams to their end; `error_type` is the code of the error, empty where there was none.', ['rpc_method', 'error_type'], SECONDS);
  return (next) => async (request) => {
    const began = performance.now();
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
    const end = (errorType: string): void => {
      span.end();
      durations.observe({ rpc_method: method, error_type: errorType }, (performance.now() - began) / 1_000);
    };
    const fail = (error: unknown): never => {
      span.recordError(error);
      const shown = toConnectError(error);
      end(fromConnectError(shown).code);
      if (shown.cause instanceof AppError && shown.cause.status >= 500) {
        logger.error({ method, request_id: who.requestId, trace_id: span.trace.traceId, tenant: who.tenantId, error: shown.cause }, 'rpc failed');
      }
      throw shown;
    };
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: watched(response.message, end, fail) };
      end('');
      return response;
    } catch (error) {
      return fail(error);
    }
  };
}

/** Also a stream whose caller has left ends here. */
async function* watched<T>(messages: AsyncIterable<T>, end: (errorType: string) => void, fail: (error: unknown) => never): AsyncIterable<T> {
  let isOver = false;
  try {
    yield* messages;
  } catch (error) {
    isOver = true;
    fail(error);
  } finally {
    if (!isOver) end('');
  }
}
