import { AppError, assertExhaustive } from '@nexus/core';
import { resolveHost, type HostAddress, type HostLookup } from '@nexus/runtime/outside';

/** Which addresses of the web may be read. */
export interface PagePolicy {
  /** Ports that URLs may name. */
  readonly ports: readonly number[];
  /** `host:port` exactly as in the URL (`localhost:8080`, `[::1]:80`): these are read wherever they are, on whatever port. */
  readonly allowHosts: readonly string[];
}

/** A URL that may be read, and the only addresses to which a connection for it may go. */
export interface PageTarget {
  readonly url: URL;
  readonly addresses: readonly HostAddress[];
}

const MAX_URL_LENGTH = 2_048;

/**
 * Checks a URL and resolves its host, once. Throws AppError `invalid_url`, `page_forbidden` (one of the addresses is not
 * public, or the port is closed by policy), `page_unresolvable`, or the signal's reason.
 */
export async function resolveTarget(address: string | URL, policy: PagePolicy, lookup: HostLookup, signal: AbortSignal): Promise<PageTarget> {
  const url = parseUrl(address);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const isAllowed = policy.allowHosts.some((host) => host.toLowerCase() === `${url.hostname}:${port}`);
  if (!isAllowed && !policy.ports.includes(port)) throw forbidden(`port ${port} is not open to this tool (open: ${policy.ports.join(', ')})`);
  const resolved = await resolveHost(url.hostname, { lookup, signal, mayBePrivate: isAllowed });
  switch (resolved.kind) {
    case 'found': return { url, addresses: resolved.addresses };
    case 'not-public': throw forbidden(`${url.hostname} has an address that is not public (${resolved.addressClass})`);
    case 'unknown': throw new AppError('page_unresolvable', `The host ${url.hostname} could not be found.`, { isRetryable: true, param: 'url', cause: resolved.cause });
    default: return assertExhaustive(resolved);
  }
}

function parseUrl(address: string | URL): URL {
  const url = URL.parse(String(address));
  if (url === null || url.href.length > MAX_URL_LENGTH) throw invalid(`must be an absolute URL of at most ${MAX_URL_LENGTH} characters, such as https://example.com/page`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw invalid('must not contain a user name or password');
  url.hash = '';
  return url;
}

function invalid(expected: string): AppError {
  return new AppError('invalid_url', `url: ${expected}`, { status: 400, param: 'url' });
}

function forbidden(reason: string): AppError {
  return new AppError('page_forbidden', `url: ${reason}.`, { status: 403, param: 'url' });
}
