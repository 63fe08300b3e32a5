import type { LookupFunction } from 'node:net';
import { AppError } from '@nexus/core';
import { Client, type Dispatcher } from 'undici';
import type { PageTarget } from './page-target.js';

export interface PinnedRequestOptions {
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;

/**
 * GETs a target over a connection of its own that can only go to the target's addresses; redirects are not followed, nothing
 * is decoded, no cookie or credential is sent. The connection is closed when `use` is done.
 * Throws what `use` throws, the signal's reason, or AppError `page_unreachable`.
 */
export async function pinnedRequest<T>(target: PageTarget, options: PinnedRequestOptions, use: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
  const client = new Client(target.url.origin, {
    connect: { lookup: pinned(target), timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: MAX_HEADER_BYTES,
    pipelining: 0,
  });
  try {
    const response = await client.request({
      method: 'GET',
      path: target.url.pathname + target.url.search,
      signal: options.signal,
      headers: {
        accept: 'text/html, application/xhtml+xml, text/*;q=0.9, application/json;q=0.9, */*;q=0.1',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': options.userAgent,
      },
    });
    // A body that nobody reads fails when the connection closes.
    response.body.on('error', () => {});
    return await use(response);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw error instanceof AppError ? error : unreachable(target, error);
  } finally {
    // Not awaited: what the other side does with its end is its affair.
    void client.destroy().catch(() => {});
  }
}

/** In place of DNS: whatever name is asked for, the addresses that were checked. */
function pinned({ addresses }: PageTarget): LookupFunction {
  return (_hostname, options, callback) => {
    const wanted = addresses.filter(({ family }) => options.family === undefined || options.family === 0 || options.family === family || options.family === `IPv${family}`);
    const first = wanted[0];
    if (first === undefined) callback(Object.assign(new Error('no address of this family'), { code: 'ENOTFOUND' }), []);
    else if (options.all === true) callback(null, [...wanted]);
    else callback(null, first.address, first.family);
  };
}

function unreachable({ url }: PageTarget, cause: unknown): AppError {
  const code = (cause as { code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  // A certificate does not get better by asking again.
  const isRetryable = !/CERT|TLS|SSL|VERIFY/.test(why);
  return new AppError('page_unreachable', `${url.host} did not answer properly${why}.`, { isRetryable, param: 'url', cause });
}
