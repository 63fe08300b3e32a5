import { AppError } from '@nexus/core';
import type { HostLookup } from '@nexus/runtime/outside';
import { MIMEType } from 'node:util';
import type { Dispatcher } from 'undici';
import { resolveTarget, type PagePolicy } from './page-target.js';
import { readBody } from './read-body.js';
import { requestPage } from './request-page.js';

export interface FetchPageOptions {
  readonly policy: PagePolicy;
  readonly lookup: HostLookup;
  readonly userAgent: string;
  /** Bytes after decompression. */
  readonly maxBytes: number;
  readonly maxRedirects: number;
  readonly signal: AbortSignal;
}

export interface FetchedPage {
  /** Where the page was in the end, after redirects. */
  readonly url: URL;
  /** `text/html`, lower case, without parameters; undefined when the server said nothing. */
  readonly mediaType: string | undefined;
  readonly charset: string | undefined;
  readonly body: Buffer;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * GETs a page. Each redirect is a new target: checked, resolved and pinned like the first. Only text is downloaded.
 * Throws AppError: what `resolveTarget`, `requestPage` and `readBody` throw, `page_status` (not 2xx),
 * `page_redirects` (too many or broken) or `page_not_text`.
 */
export async function fetchPage(address: string, options: FetchPageOptions): Promise<FetchedPage> {
  let next: string | URL = address;
  for (let hop = 0; hop <= options.maxRedirects; hop++) {
    const target = await resolveTarget(next, options.policy, options.lookup, options.signal);
    const answer: FetchedPage | URL = await requestPage(target, options, (response) => read(target.url, response, options));
    if (!(answer instanceof URL)) return answer;
    next = answer;
  }
  throw new AppError('page_redirects', `The page redirects more than ${options.maxRedirects} times.`, { param: 'url' });
}

async function read(url: URL, response: Dispatcher.ResponseData, options: FetchPageOptions): Promise<FetchedPage | URL> {
  const { statusCode, headers, body } = response;
  if (REDIRECTS.has(statusCode)) {
    const location = URL.parse(single(headers['location']), url.href);
    if (location === null || headers['location'] === undefined) throw new AppError('page_redirects', 'The page redirects to no valid address.', { param: 'url' });
    return location;
  }
  if (statusCode < 200 || statusCode > 299) throw refusal(url, statusCode);
  const contentType = mediaTypeOf(single(headers['content-type']));
  if (contentType !== undefined && !isText(contentType.essence)) {
    throw new AppError('page_not_text', `The page is ${contentType.essence}, not text.`, { param: 'url' });
  }
  const bytes = await readBody(body, single(headers['content-encoding']), options.maxBytes, options.signal);
  return { url, mediaType: contentType?.essence, charset: contentType?.params.get('charset') ?? undefined, body: bytes };
}

function single(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

function mediaTypeOf(header: string): MIMEType | undefined {
  try {
    return new MIMEType(header);
  } catch {
    return undefined;
  }
}

function isText(essence: string): boolean {
  return essence.startsWith('text/') || /^application\/(?:json|xml|xhtml\+xml|javascript|yaml|x-yaml|x-ndjson|.+\+(?:json|xml))$/.test(essence);
}

function refusal(url: URL, status: number): AppError {
  const isRetryable = status === 429 || status >= 500;
  return new AppError('page_status', `${url.host} answered with status ${status}.`, { isRetryable, param: 'url' });
}
