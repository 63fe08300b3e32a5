import { pinnedRequest, resolveHost, type HostAddress, type HostLookup } from '@nexus/runtime/outside';
import type { TryOutcome } from '../domain/delivery.js';
import { signatureHeaders } from './standard-signature.js';

/** An event on its way to one receiver. */
export interface PostedEvent {
  readonly url: string;
  readonly secret: Uint8Array;
  readonly eventId: string;
  /** A CloudEvent as JSON. */
  readonly body: string;
}

export interface PostEventOptions {
  /** True where the operator lets webhooks stand on private addresses, and do without https. */
  readonly mayBePrivate: boolean;
  readonly lookup: HostLookup;
  /** For everything, the answer's headers included. */
  readonly timeoutMs: number;
  /** When it is signed, Unix milliseconds. */
  readonly now: number;
  /** This process stops. */
  readonly stopping: AbortSignal;
}

const USER_AGENT = 'NEXUS-Webhooks/1';
const GONE = 410;

/**
 * Posts an event once, over a connection of its own that goes only to the addresses that were checked for this try. Of the answer only the
 * status counts: redirects are not followed and the body is not read. Rejects only when `stopping` aborts.
 */
export async function postEvent(event: PostedEvent, options: PostEventOptions): Promise<TryOutcome> {
  const url = new URL(event.url);
  if (url.protocol !== 'https:' && !options.mayBePrivate) return failed('its address does not begin with https://');
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([deadline, options.stopping]);
  try {
    const host = await resolveHost(url.hostname, { lookup: options.lookup, signal, mayBePrivate: options.mayBePrivate });
    if (host.kind === 'not-public') return failed(`its host has an address that is not public (${host.addressClass})`);
    if (host.kind === 'unknown') return failed('its host could not be found');
    return await post(event, url, host.addresses, options.now, signal);
  } catch (error) {
    options.stopping.throwIfAborted();
    if (deadline.aborted) return failed(`no answer within ${options.timeoutMs / 1_000} s`);
    const code = (error as { code?: unknown } | null)?.code;
    return failed(`no proper answer${typeof code === 'string' ? ` (${code})` : ''}`);
  }
}

function post({ secret, eventId, body }: PostedEvent, url: URL, addresses: readonly HostAddress[], now: number, signal: AbortSignal): Promise<TryOutcome> {
  const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', 'user-agent': USER_AGENT, ...signatureHeaders(secret, { id: eventId, atMs: now, body }) };
  return pinnedRequest({ url, addresses, method: 'POST', headers, body, signal }, async ({ statusCode: status, headers: answered }) => {
    if (status >= 200 && status < 300) return { kind: 'delivered', status };
    if (status === GONE) return { kind: 'gone', status };
    const more = status >= 300 && status < 400 ? ': redirects are not followed' : '';
    return { kind: 'failed', status, error: `answered ${status}${more}`, retryAfterMs: secondsOf(answered['retry-after']) };
  });
}

/** A Retry-After in seconds as milliseconds; undefined for none, and for a date. */
function secondsOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : undefined;
}

const failed = (error: string): TryOutcome => ({ kind: 'failed', status: 0, error });
