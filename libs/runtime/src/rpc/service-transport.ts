import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { fromConnectError } from './rpc-error.js';
import { untilTaken } from './untaken-call.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Wraps the transport that stands behind a service at the time of each call: adds the service token and a deadline, turns failures into AppErrors; a call that a closing server never looked at is made again. */
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
        return await untilTaken(() => current().unary(method, signal, timeoutMs ?? DEFAULT_TIMEOUT_MS, withToken(header), input, contextValues));
      } catch (error) {
        throw fromConnectError(brokenOff(error, signal));
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      try {
        // who asks once can ask again; what a caller streams is gone
        const isAskedOnce = method.methodKind === 'server_streaming';
        const asked = isAskedOnce ? await all(input) : [];
        const ask = () => current().stream(method, signal, timeoutMs, withToken(header), isAskedOnce ? iterate(asked) : input, contextValues);
        const response = await (isAskedOnce ? untilTaken(ask) : ask());
        return { ...response, message: withAppErrors(response.message, signal) };
      } catch (error) {
        throw fromConnectError(brokenOff(error, signal));
      }
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* iterate<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
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

