import type { ChannelMeasure } from '../channel-measure.js';
import { isOlder, parseEntryId } from '../entry-id.js';
import type { Acknowledgement, GroupRef, IdleGroup, PendingEntry, RawEntry, TidyPolicy } from '../stream-transport.js';

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
  /** When each consumer last read. */
  readonly seenAt: Map<string, number>;
}

/** One stream with its groups, as Redis keeps them. */
export class MemoryStream {
  lastId = '0-0';
  expiresAt = Number.POSITIVE_INFINITY;
  private added = 0;
  private entries: Entry[] = [];
  private readonly groups = new Map<string, Group>();

  add(fields: readonly Buffer[], now: number): void {
    const [lastMs, lastSeq] = parseEntryId(this.lastId);
    this.lastId = now > lastMs ? `${now}-0` : `${lastMs}-${lastSeq + 1}`;
    this.entries.push({ id: this.lastId, fields });
    this.added++;
  }

  after(id: string, count: number): RawEntry[] {
    const start = this.indexAfter(id);
    return this.entries.slice(start, start + count).map((entry) => ({ ...entry, deliveries: 1 }));
  }

  createGroup(name: string): void {
    if (!this.groups.has(name)) this.groups.set(name, { lastDelivered: '0-0', pending: new Map(), seenAt: new Map() });
  }

  readGroup(ref: GroupRef, count: number, now: number): RawEntry[] {
    const group = this.group(ref);
    group.seenAt.set(ref.consumer, now);
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
    group.seenAt.set(ref.consumer, now);
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
    const { pending, seenAt } = this.group(ref);
    if (ids.length > 0) seenAt.set(ref.consumer, now);
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

  acknowledge({ group, ids, owner }: Acknowledgement): void {
    const pending = this.groups.get(group)?.pending;
    for (const id of ids) if (owner === undefined || pending?.get(id)?.consumer === owner) pending?.delete(id);
  }

  queueAge(group: string, now: number): number {
    const [waiting] = this.after(this.groups.get(group)?.lastDelivered ?? '0-0', 1);
    return waiting === undefined ? 0 : Math.max(0, now - parseEntryId(waiting.id)[0]);
  }

  measure(now: number): ChannelMeasure {
    const age = (id: string | undefined): number => (id === undefined ? 0 : Math.max(0, now - parseEntryId(id)[0]));
    const groups = [...this.groups].map(([name, { lastDelivered, pending }]) => ({
      name, lag: this.entries.length - this.indexAfter(lastDelivered), pending: pending.size, queueAgeMs: this.queueAge(name, now), pendingAgeMs: age(pending.keys().next().value),
    }));
    return { entries: this.entries.length, added: this.added, groups };
  }

  tidy({ retentionMs, group: own, groupIdleMs, consumerIdleMs }: TidyPolicy, now: number): IdleGroup[] {
    const dropped: IdleGroup[] = [];
    const limit = `${now - retentionMs}-0`;
    let safe = limit;
    for (const [name, group] of this.groups) {
      const [firstPending] = group.pending.keys();
      const acknowledged = firstPending !== undefined && isOlder(firstPending, group.lastDelivered) ? firstPending : group.lastDelivered;
      const waiting = firstPending ?? this.after(group.lastDelivered, 1)[0]?.id;
      const waitedMs = waiting === undefined ? 0 : now - parseEntryId(waiting)[0];
      const isInUse = [...group.seenAt.values()].some((seenAt) => now - seenAt < groupIdleMs);
      forgetConsumers(group, now - consumerIdleMs);
      if (!isOlder(acknowledged, limit)) continue;
      if (name !== own && !isInUse && waiting !== undefined && waitedMs >= groupIdleMs) {
        this.groups.delete(name);
        dropped.push({ name, waitedMs });
      } else if (isOlder(acknowledged, safe)) safe = acknowledged;
    }
    if (own === undefined || this.groups.has(own)) this.trimBefore(safe);
    return dropped;
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

/** Consumers without entries that did not read since then. */
function forgetConsumers({ seenAt, pending }: Group, since: number): void {
  const busy = new Set([...pending.values()].map(({ consumer }) => consumer));
  for (const [consumer, at] of seenAt) if (at <= since && !busy.has(consumer)) seenAt.delete(consumer);
}
