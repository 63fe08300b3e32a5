import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { fromConnectError } from './rpc-error.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Wraps the transport that stands behind a service at the time of each call: adds the service token and a deadline, turns failures into AppErrors. */
export function serviceTransport(current: () => Transport, serviceToken: string): Transport {
  const authorization = `Bearer ${serviceToken}`;
  const withToken = (header: unknown): Headers => {
    const headers = new Headers(header as ConstructorParameters<typeof Headers>[0]);
    headers.set('authorization', authorization);
    return headers;
  };
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        return await current().unary(method, signal, timeoutMs ?? DEFAULT_TIMEOUT_MS, withToken(header), input, contextValues);
      } catch (error) {
        throw fromConnectError(brokenOff(error, signal));
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      try {
        const response = await current().stream(method, signal, timeoutMs, withToken(header), input, contextValues);
        return { ...response, message: withAppErrors(response.message, signal) };
      } catch (error) {
        throw fromConnectError(brokenOff(error, signal));
      }
    },
  };
}

async function* withAppErrors<T>(messages: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw fromConnectError(brokenOff(error, signal));
  }
}

/** A call that ends as cancelled although its caller never cancelled it lost its connection: the service died, say. */
function brokenOff(error: unknown, signal: AbortSignal | undefined): unknown {
  const isTransports = error instanceof ConnectError && error.code === Code.Canceled && error.details.length === 0;
  return isTransports && signal?.aborted !== true ? new ConnectError('the connection was lost', Code.Unavailable, undefined, undefined, error) : error;
}

