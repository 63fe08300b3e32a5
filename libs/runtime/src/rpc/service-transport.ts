import type { StreamResponse, Transport } from '@connectrpc/connect';
import type { DescMessage } from '@bufbuild/protobuf';
import { fromConnectError } from './rpc-error.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Wraps the transport that stands behind a service at the time of each call: adds the service token and a deadline, turns failures into AppErrors. */
export function serviceTransport(current: () => Transport, serviceToken: string): Transport {
  const authorization = `Bearer ${serviceToken}`;
  const withToken = (header: ConstructorParameters<typeof Headers>[0]): Headers => {
    const headers = new Headers(header);
    headers.set('authorization', authorization);
    return headers;
  };
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        return await current().unary(method, signal, timeoutMs ?? DEFAULT_TIMEOUT_MS, withToken(header), input, contextValues);
      } catch (error) {
        throw fromConnectError(error);
      }
    },
    async stream<I extends DescMessage, O extends DescMessage>(...call: Parameters<Transport['stream']>) {
      const [method, signal, timeoutMs, header, input, contextValues] = call;
      try {
        const response = await current().stream(method, signal, timeoutMs, withToken(header), input, contextValues);
        return { ...response, message: withAppErrors(response.message) } as unknown as StreamResponse<I, O>;
      } catch (error) {
        throw fromConnectError(error);
      }
    },
  };
}

async function* withAppErrors<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw fromConnectError(error);
  }
}

