import { lookup as lookUpByDns } from 'node:dns/promises';
import { classifyAddress, parseAddress, type AddressClass } from './address-class.js';

/** All addresses of a host name, as text. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** An address to which a connection may go. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What a host turned out to be. */
export type ResolvedHost =
  | { readonly kind: 'found'; readonly addresses: readonly HostAddress[] }
  /** One of its addresses is none that may be reached on somebody else's word. */
  | { readonly kind: 'not-public'; readonly addressClass: AddressClass }
  /** It has no address, or nobody could be asked. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface ResolveHostOptions {
  readonly lookup: HostLookup;
  readonly signal: AbortSignal;
  /** True for a host that the operator vouches for: it may stand anywhere. */
  readonly mayBePrivate: boolean;
}

/** What the operating system knows of a name: hosts file and DNS. */
export const systemLookup: HostLookup = async (hostname) => (await lookUpByDns(hostname, { all: true })).map(({ address }) => address);

/**
 * Looks up a host once, as the `hostname` of a URL names it, and judges every address by its bytes. Whoever connects must go to the addresses
 * found here and nowhere else (pinnedRequest does). Throws the signal's reason only.
 */
export async function resolveHost(hostname: string, options: ResolveHostOptions): Promise<ResolvedHost> {
  options.signal.throwIfAborted();
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  let found: readonly string[] = [literal];
  if (parseAddress(literal) === undefined) {
    try {
      found = await untilAborted(options.lookup(literal), options.signal);
    } catch (cause) {
      options.signal.throwIfAborted();
      return { kind: 'unknown', cause };
    }
  }
  if (found.length === 0) return { kind: 'unknown', cause: undefined };
  const addresses: HostAddress[] = [];
  for (const address of found) {
    const bytes = parseAddress(address);
    const addressClass = bytes === undefined ? 'unassigned' : classifyAddress(bytes);
    // One bad address among good ones condemns the name: no honest public site has it.
    if (bytes === undefined || (addressClass !== 'public' && !options.mayBePrivate)) return { kind: 'not-public', addressClass };
    addresses.push({ address, family: bytes.length === 4 ? 4 : 6 });
  }
  return { kind: 'found', addresses };
}

/** A lookup cannot be called off; it is left alone. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  return Promise.race([aborted, promise]);
}
