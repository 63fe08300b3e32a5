import { lookup as lookUpByDns } from 'node:dns/promises';
import { AppError } from '@nexus/core';
import { classifyAddress, parseAddress } from './address-class.js';

/** Which addresses of the web may be read. */
export interface PagePolicy {
  /** Ports that URLs may name. */
  readonly ports: readonly number[];
  /** `host:port` exactly as in the URL (`localhost:8080`, `[::1]:80`): these are read wherever they are, on whatever port. */
  readonly allowHosts: readonly string[];
}

/** All addresses of a host name, as text. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** A URL that may be read, and the only addresses to which a connection for it may go. */
export interface PageTarget {
  readonly url: URL;
  readonly addresses: readonly { readonly address: string; readonly family: 4 | 6 }[];
}

const MAX_URL_LENGTH = 2_048;

/** What the operating system knows of a name: hosts file and DNS. */
export const systemLookup: HostLookup = async (hostname) => (await lookUpByDns(hostname, { all: true })).map(({ address }) => address);

/**
 * Checks a URL and resolves its host, once. Throws AppError `invalid_url`, `page_forbidden` (one of the addresses is not
 * public, or the port is closed by policy), `page_unresolvable`, or the signal's reason.
 */
export async function resolveTarget(address: string | URL, policy: PagePolicy, lookup: HostLookup, signal: AbortSignal): Promise<PageTarget> {
  const url = parseUrl(address);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const isAllowed = policy.allowHosts.some((host) => host.toLowerCase() === `${url.hostname}:${port}`);
  if (!isAllowed && !policy.ports.includes(port)) throw forbidden(`port ${port} is not open to this tool (open: ${policy.ports.join(', ')})`);
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const found = parseAddress(literal) === undefined ? await resolve(literal, lookup, signal) : [literal];
  const addresses = found.map((text) => {
    const bytes = parseAddress(text);
    const addressClass = bytes === undefined ? 'unassigned' : classifyAddress(bytes);
    // One bad address among good ones condemns the name: no honest public site has it.
    if (bytes === undefined || (addressClass !== 'public' && !isAllowed)) throw forbidden(`${url.hostname} has an address that is not public (${addressClass})`);
    return { address: text, family: bytes.length === 4 ? (4 as const) : (6 as const) };
  });
  return { url, addresses };
}

function parseUrl(address: string | URL): URL {
  const url = URL.parse(String(address));
  if (url === null || url.href.length > MAX_URL_LENGTH) throw invalid(`must be an absolute URL of at most ${MAX_URL_LENGTH} characters, such as https://example.com/page`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw invalid('must not contain a user name or password');
  url.hash = '';
  return url;
}

async function resolve(hostname: string, lookup: HostLookup, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const unresolvable = (cause?: unknown): AppError => new AppError('page_unresolvable', `The host ${hostname} could not be found.`, { isRetryable: true, param: 'url', cause });
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  const found = await Promise.race([
    aborted,
    lookup(hostname).catch((cause: unknown) => {
      throw unresolvable(cause);
    }),
  ]);
  if (found.length === 0) throw unresolvable();
  return found;
}

function invalid(expected: string): AppError {
  return new AppError('invalid_url', `url: ${expected}`, { status: 400, param: 'url' });
}

function forbidden(reason: string): AppError {
  return new AppError('page_forbidden', `url: ${reason}.`, { status: 403, param: 'url' });
}
