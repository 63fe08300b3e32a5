import { isOlder, parseEntryId } from '../entry-id.js';
import type { GroupRef, PendingEntry, RawEntry } from '../stream-transport.js';

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
    const [lastMs, lastSeq] = parseEntryId(this.lastId);
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

  ownPending(ref: GroupRef, afterId: string, count: number, beforeId?: string): PendingEntry[] {
    return this.pending(ref, count, (id, { consumer }) => consumer === ref.consumer && isOlder(afterId, id) && (beforeId === undefined || isOlder(id, beforeId)));
  }

  abandoned(ref: GroupRef, minIdleMs: number, count: number, now: number): PendingEntry[] {
    return this.pending(ref, count, (_, { deliveredAt }) => now - deliveredAt >= minIdleMs);
  }

  private pending(ref: GroupRef, count: number, isWanted: (id: string, pending: Pending) => boolean): PendingEntry[] {
    const found: PendingEntry[] = [];
    for (const [id, pending] of this.group(ref).pending) {
      if (found.length === count) break;
      if (isWanted(id, pending)) found.push({ id, deliveries: pending.deliveries });
    }
    return found;
  }

  claim(ref: GroupRef, ids: readonly string[], minIdleMs: number, now: number): RawEntry[] {
    const group = this.group(ref);
    return ids.flatMap((id) => {
      const pending = group.pending.get(id);
      if (!pending || now - pending.deliveredAt < minIdleMs) return [];
      pending.consumer = ref.consumer;
      pending.deliveredAt = now;
      pending.deliveries += 1;
      return [{ ...pending.entry, deliveries: pending.deliveries }];
    });
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

  handBack(ref: GroupRef, entries: readonly PendingEntry[], deliveredAt: number): void {
    const { pending } = this.group(ref);
    for (const { id, deliveries } of entries) {
      const entry = pending.get(id);
      if (entry?.consumer === ref.consumer) Object.assign(entry, { deliveredAt, deliveries });
    }
  }

  acknowledge(group: string, ids: readonly string[]): void {
    const pending = this.groups.get(group)?.pending;
    for (const id of ids) pending?.delete(id);
  }

  queueAge(group: string, now: number): number {
    const [waiting] = this.after(this.groups.get(group)?.lastDelivered ?? '0-0', 1);
    return waiting === undefined ? 0 : Math.max(0, now - parseEntryId(waiting.id)[0]);
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
    if (kept !== 0) this.entries = kept === -1 ? [] : this.entries.slice(kept);
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
