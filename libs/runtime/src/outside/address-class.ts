import { isIPv4, isIPv6 } from 'node:net';

/** What an address is for. Only `public` may be reached on somebody else's word. */
export type AddressClass =
  | 'public'
  | 'unspecified'
  | 'this-network'
  | 'loopback'
  | 'private'
  | 'carrier-nat'
  | 'link-local'
  | 'metadata'
  | 'documentation'
  | 'benchmarking'
  | 'special-purpose'
  | 'multicast'
  | 'reserved'
  | 'tunnel'
  | 'unassigned';

type Block = readonly [prefix: string, length: number, addressClass: AddressClass];
interface Range {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly addressClass: AddressClass;
}

/** IANA IPv4 Special-Purpose Address Registry, multicast, and what clouds answer metadata on; the first match counts. */
const IPV4 = ranges([
  ['169.254.169.254', 32, 'metadata'],
  ['169.254.170.2', 32, 'metadata'],
  ['100.100.100.200', 32, 'metadata'],
  ['192.0.0.192', 32, 'metadata'],
  ['168.63.129.16', 32, 'metadata'],
  ['0.0.0.0', 32, 'unspecified'],
  ['0.0.0.0', 8, 'this-network'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-nat'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'special-purpose'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.31.196.0', 24, 'special-purpose'],
  ['192.52.193.0', 24, 'special-purpose'],
  ['192.88.99.0', 24, 'tunnel'],
  ['192.168.0.0', 16, 'private'],
  ['192.175.48.0', 24, 'special-purpose'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]);

/** IANA IPv6 Special-Purpose Address Registry; the first match counts, and outside of 2000::/3 nothing is public. */
const IPV6 = ranges([
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['::', 96, 'tunnel'],
  ['::ffff:0:0:0', 96, 'tunnel'],
  ['64:ff9b:1::', 48, 'tunnel'],
  ['100::', 64, 'special-purpose'],
  ['100:0:0:1::', 64, 'special-purpose'],
  ['2001::', 32, 'tunnel'],
  ['2001:2::', 48, 'benchmarking'],
  ['2001:db8::', 32, 'documentation'],
  ['2001::', 23, 'special-purpose'],
  ['2002::', 16, 'tunnel'],
  ['2620:4f:8000::', 48, 'special-purpose'],
  ['3fff::', 20, 'documentation'],
  ['5f00::', 16, 'special-purpose'],
  ['fd00:ec2::254', 128, 'metadata'],
  ['fd20:ce::254', 128, 'metadata'],
  ['fc00::', 7, 'private'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'private'],
  ['ff00::', 8, 'multicast'],
]);

/** Prefixes whose last four bytes are the IPv4 address that is really reached: IPv4-mapped, and NAT64 (RFC 6052). */
const EMBEDDING = ranges([
  ['::ffff:0:0', 96, 'public'],
  ['64:ff9b::', 96, 'public'],
]);

const GLOBAL_UNICAST = ranges([['2000::', 3, 'public']]);

/**
 * The class of an address, judged by its bytes: 4 for IPv4, 16 for IPv6. IPv4 inside IPv6 is judged by the IPv4 address
 * where the network translates it (mapped, NAT64) and is `tunnel` elsewhere (6to4, Teredo, ISATAP, IPv4-compatible).
 * A network's own NAT64 prefix looks like any public one and cannot be told.
 */
export function classifyAddress(bytes: Uint8Array): AddressClass {
  if (bytes.length === 4) return IPV4.find((range) => contains(range, bytes))?.addressClass ?? 'public';
  if (bytes.length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
  if (EMBEDDING.some((range) => contains(range, bytes))) return classifyAddress(bytes.subarray(12));
  const special = IPV6.find((range) => contains(range, bytes));
  if (special !== undefined) return special.addressClass;
  if (isIsatap(bytes)) return 'tunnel';
  return GLOBAL_UNICAST.some((range) => contains(range, bytes)) ? 'public' : 'unassigned';
}

/** The bytes of a textual address in canonical form (no zone, no octal or short IPv4); undefined for anything else. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = dotted === null ? text : text.slice(0, dotted.index) + hextet(dotted[1], dotted[2]) + ':' + hextet(dotted[3], dotted[4]);
  const [before, after] = hex.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = after === undefined ? before! : [...before!, ...Array<string>(8 - before!.length - after.length).fill('0'), ...after];
  return Uint8Array.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
}

function hextet(high: string | undefined, low: string | undefined): string {
  return ((Number(high) << 8) | Number(low)).toString(16);
}

/** RFC 5214: the interface part is 0000:5efe or 0200:5efe and an IPv4 address, under any prefix. */
function isIsatap(bytes: Uint8Array): boolean {
  return (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}

function ranges(blocks: readonly Block[]): readonly Range[] {
  return blocks.map(([prefix, length, addressClass]) => {
    const bytes = parseAddress(prefix);
    if (bytes === undefined) throw new RangeError(`not an address: ${prefix}`);
    return { bytes, length, addressClass };
  });
}

function contains({ bytes: prefix, length }: Range, bytes: Uint8Array): boolean {
  return prefix.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - at * 8));
    return ((byte ^ bytes[at]!) & (0xff00 >> bits) & 0xff) === 0;
  });
}
