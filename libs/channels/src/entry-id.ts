/** Milliseconds and number of an entry's id, `1700000000000-3`. */
export function parseEntryId(id: string): readonly [number, number] {
  const dash = id.indexOf('-');
  return dash < 0 ? [Number(id), 0] : [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
}

/** Whether `a` stands before `b` in their stream. */
export function isOlder(a: string, b: string): boolean {
  const [aMs, aSeq] = parseEntryId(a);
  const [bMs, bSeq] = parseEntryId(b);
  return aMs < bMs || (aMs === bMs && aSeq < bSeq);
}

/** For sorting, oldest first. */
export function compareEntryIds(a: string, b: string): number {
  return isOlder(a, b) ? -1 : Number(a !== b);
}

/** The smallest id after this one. */
export function nextEntryId(id: string): string {
  const [ms, seq] = parseEntryId(id);
  return `${ms}-${seq + 1}`;
}
