import type { LookupFunction } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { HostAddress } from './resolve-host.js';

/** A request to a host whose addresses were checked. */
export interface PinnedRequest {
  readonly url: URL;
  /** The only ones to which the connection may go. */
  readonly addresses: readonly HostAddress[];
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;

/**
 * Makes a request over a connection of its own that can only go to the addresses given; redirects are not followed, nothing is decoded, no
 * cookie or credential is sent beside the headers. The connection is closed when `use` is done. Throws what `use` throws, the signal's reason, or the
 * connection's own error.
 */
export async function pinnedRequest<T>({ url, addresses, method, headers, body, signal }: PinnedRequest, use: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
  const client = new Client(url.origin, {
    connect: { lookup: pinned(addresses), timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: MAX_HEADER_BYTES,
    pipelining: 0,
  });
  try {
    const response = await client.request({ method, path: url.pathname + url.search, signal, headers, body: body ?? null });
    // A body that nobody reads fails when the connection closes.
    response.body.on('error', () => {});
    return await use(response);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    // Not awaited: what the other side does with its end is its affair.
    void client.destroy().catch(() => {});
  }
}

/** In place of DNS: whatever name is asked for, the addresses that were checked. */
function pinned(addresses: readonly HostAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const wanted = addresses.filter(({ family }) => options.family === undefined || options.family === 0 || options.family === family || options.family === `IPv${family}`);
    const first = wanted[0];
    if (first === undefined) callback(Object.assign(new Error('no address of this family'), { code: 'ENOTFOUND' }), []);
    else if (options.all === true) callback(null, [...wanted]);
    else callback(null, first.address, first.family);
  };
}
