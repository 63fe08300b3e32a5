import { hash } from 'node:crypto';
import { randomHex } from './random-hex.js';

/** Namespace of every deterministic NEXUS id; never changes, or redelivered messages would get new ids. */
const NEXUS_NAMESPACE = '6f1d1a52-6d2b-5a5e-9b65-0e0a5c1b7f10';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The millisecond of the last new id, as the first 12 digits of an id, and which id of that millisecond it was. */
let lastMs = 0;
let timeDigits = '';
let place = 0;

/** A new id (UUIDv7). For things that begin to exist now. Ids of one process are ordered, also within a millisecond. */
export function newId(): string {
  const now = Date.now();
  if (now > lastMs) moveTo(now, parseInt(randomHex(2), 16) & 0x7ff);
  else if (++place > 0xfff) moveTo(lastMs + 1, 0);
  const random = randomHex(8);
  const variant = ((parseInt(random.charAt(0), 16) & 3) | 8).toString(16);
  return `${timeDigits}-7${place.toString(16).padStart(3, '0')}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
}

function moveTo(ms: number, firstPlace: number): void {
  const digits = ms.toString(16).padStart(12, '0');
  timeDigits = `${digits.slice(0, 8)}-${digits.slice(8)}`;
  lastMs = ms;
  place = firstPlace;
}

/** The namespace's bytes, followed by room for a name. */
let hashed = Buffer.from(NEXUS_NAMESPACE.replaceAll('-', '').padEnd(2 * 512, '0'), 'hex');

/** The same parts give the same id (UUIDv5). For things that a redelivery must find again. */
export function deterministicId(...parts: readonly (string | number)[]): string {
  const name = parts.join('\u0000');
  const length = 16 + Buffer.byteLength(name);
  if (length > hashed.length) hashed = Buffer.concat([hashed.subarray(0, 16), Buffer.alloc(2 * length)]);
  hashed.write(name, 16, 'utf8');
  // four times as fast as a general library, and every message needs several
  const hex = hash('sha1', hashed.subarray(0, length), 'hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** True for a lower-case UUID of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The tenant of what belongs to no customer: entries that nobody could be told for, NEXUS's own acts. */
export const SYSTEM_TENANT_ID = '00000000-0000-7000-8000-000000000000';

/** The tenant that `nexus up` makes for trying NEXUS; it has a daily ceiling of one dollar. */
export const DEVELOPMENT_TENANT_ID = '00000000-0000-7000-8000-000000000001';
