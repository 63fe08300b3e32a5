import { AppError } from '@nexus/core';
import { pinnedRequest } from '@nexus/runtime/outside';
import type { Dispatcher } from 'undici';
import type { PageTarget } from './page-target.js';

export interface RequestPageOptions {
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/** GETs a target over a connection that can only go to the target's addresses. Throws what `use` throws, the signal's reason, or AppError `page_unreachable`. */
export async function requestPage<T>(target: PageTarget, { userAgent, signal }: RequestPageOptions, use: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
  const headers = {
    accept: 'text/html, application/xhtml+xml, text/*;q=0.9, application/json;q=0.9, */*;q=0.1',
    'accept-encoding': 'gzip, deflate, br',
    'user-agent': userAgent,
  };
  try {
    return await pinnedRequest({ ...target, method: 'GET', headers, signal }, use);
  } catch (error) {
    if (signal.aborted || error instanceof AppError) throw error;
    throw unreachable(target, error);
  }
}

function unreachable({ url }: PageTarget, cause: unknown): AppError {
  const code = (cause as { code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  // A certificate does not get better by asking again.
  const isRetryable = !/CERT|TLS|SSL|VERIFY/.test(why);
  return new AppError('page_unreachable', `${url.host} did not answer properly${why}.`, { isRetryable, param: 'url', cause });
}
