import type { GroupRef, RawEntry } from '../stream-transport.js';

interface Entry {
  readonly id: string;
  readonly fields: readonly Buffer[];
}

interface Pending {
  readonly entry: Entry;
  consumer: string;
  deliveredAt: number;
  deliveries: number;
}

interface Group {
  lastDelivered: string;
  readonly pending: Map<string, Pending>;
}

/** One stream with its groups, as Redis keeps them. */
export class MemoryStream {
  lastId = '0-0';
  expiresAt = Number.POSITIVE_INFINITY;
  private entries: Entry[] = [];
  private readonly groups = new Map<string, Group>();

  add(fields: readonly Buffer[], now: number): void {
    const [lastMs, lastSeq] = parse(this.lastId);
    this.lastId = now > lastMs ? `${now}-0` : `${lastMs}-${lastSeq + 1}`;
    this.entries.push({ id: this.lastId, fields });
  }

  after(id: string, count: number): RawEntry[] {
    const start = this.indexAfter(id);
    return this.entries.slice(start, start + count).map((entry) => ({ ...entry, deliveries: 1 }));
  }

  createGroup(name: string): void {
    if (!this.groups.has(name)) this.groups.set(name, { lastDelivered: '0-0', pending: new Map() });
  }

  readGroup(ref: GroupRef, count: number, now: number): RawEntry[] {
    const group = this.group(ref);
    const entries = this.after(group.lastDelivered, count);
    for (const entry of entries) {
      group.pending.set(entry.id, { entry, consumer: ref.consumer, deliveredAt: now, deliveries: 1 });
      group.lastDelivered = entry.id;
    }
    return entries;
  }

  readPending(ref: GroupRef, afterId: string, count: number, now: number): RawEntry[] {
    return this.redeliver(ref, (id, pending) => pending.consumer === ref.consumer && isOlder(afterId, id), count, now);
  }

  claim(ref: GroupRef, minIdleMs: number, count: number, now: number): RawEntry[] {
    return this.redeliver(ref, (_, pending) => now - pending.deliveredAt >= minIdleMs, count, now);
  }

  private redeliver(ref: GroupRef, isMine: (id: string, pending: Pending) => boolean, count: number, now: number): RawEntry[] {
    const taken: RawEntry[] = [];
    for (const [id, pending] of this.group(ref).pending) {
      if (taken.length === count) break;
      if (!isMine(id, pending)) continue;
      pending.consumer = ref.consumer;
      pending.deliveredAt = now;
      pending.deliveries += 1;
      taken.push({ ...pending.entry, deliveries: pending.deliveries });
    }
    return taken;
  }

  refresh(ref: GroupRef, ids: readonly string[], now: number): string[] {
    const { pending } = this.group(ref);
    return ids.filter((id) => {
      const entry = pending.get(id);
      if (entry?.consumer !== ref.consumer) return false;
      entry.deliveredAt = now;
      return true;
    });
  }

  acknowledge(group: string, ids: readonly string[]): void {
    const pending = this.groups.get(group)?.pending;
    for (const id of ids) pending?.delete(id);
  }

  trimAcknowledged(beforeId: string): void {
    if (this.groups.size === 0) return;
    let safe = beforeId;
    for (const group of this.groups.values()) {
      const [firstPending] = group.pending.keys();
      for (const limit of [group.lastDelivered, firstPending]) if (limit !== undefined && isOlder(limit, safe)) safe = limit;
    }
    this.trimBefore(safe);
  }

  trimBefore(id: string): void {
    const kept = this.entries.findIndex((entry) => !isOlder(entry.id, id));
    this.entries = kept === -1 ? [] : this.entries.slice(kept);
  }

  private group(ref: GroupRef): Group {
    const group = this.groups.get(ref.group);
    if (!group) throw new Error(`NOGROUP No such consumer group '${ref.group}'`);
    return group;
  }

  /** Binary search: ids grow. */
  private indexAfter(id: string): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isOlder(id, this.entries[middle]?.id ?? '')) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function parse(id: string): [number, number] {
  const [ms, seq] = id.split('-');
  return [Number(ms), Number(seq ?? 0)];
}

function isOlder(a: string, b: string): boolean {
  const [aMs, aSeq] = parse(a);
  const [bMs, bSeq] = parse(b);
  return aMs < bMs || (aMs === bMs && aSeq < bSeq);
}
