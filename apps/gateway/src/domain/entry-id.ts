const ENTRY_ID = /^(\d{1,20})-(\d{1,20})$/;
const LAST_IN_MILLISECOND = 18_446_744_073_709_551_615n;

/** True for the id of a stream entry: milliseconds, a dash, a number. */
export function isEntryId(text: string): boolean {
  return ENTRY_ID.test(text);
}

/** The greatest possible id before this one, so that reading after it begins with this one. */
export function entryIdBefore(id: string): string {
  const [ms = 0n, seq = 0n] = id.split('-').map(BigInt);
  if (seq > 0n) return `${ms}-${seq - 1n}`;
  return ms > 0n ? `${ms - 1n}-${LAST_IN_MILLISECOND}` : '0-0';
}

/** True when `id` stands after `other` in their stream. */
export function isEntryAfter(id: string, other: string): boolean {
  const [ms = 0n, seq = 0n] = id.split('-').map(BigInt);
  const [otherMs = 0n, otherSeq = 0n] = other.split('-').map(BigInt);
  return ms > otherMs || (ms === otherMs && seq > otherSeq);
}
