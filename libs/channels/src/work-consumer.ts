import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import { abortableDelay } from './abortable-delay.js';
import type { Subscription, WorkOptions } from './channel-bus.js';
import type { Dispatcher } from './dispatchers.js';
import { compareEntryIds } from './entry-id.js';
import { decodeEnvelope } from './envelope.js';
import { InFlight } from './in-flight.js';
import type { Message } from './message.js';
import type { Publisher } from './publisher.js';
import { isGroupMissing } from './redis/replies.js';
import { Settlement, type Delivered } from './settlement.js';
import type { GroupRef, PendingEntry, RawEntry, StreamReader, StreamTransport } from './stream-transport.js';

const BLOCK_MS = 2_000;
const HAND_BACK_WITHIN_MS = 250;
/** For this share of the time after which others may take an entry over it is surely ours; the rest is for what we cannot know: how old a reply is. */
const SURE_SHARE = 0.6;
/** A reply may have lain here for this share of that time before its entries are asked about. */
const HELD_UP_SHARE = 0.125;
const MOST_REFRESHED = 1_000;
/** Entries a batch, unless somebody says otherwise. */
export const DEFAULT_BATCH_SIZE = 256;
const DEFAULTS = { batchSize: DEFAULT_BATCH_SIZE, concurrency: 256, claimIdleMs: 30_000, maxDeliveries: 5, lingerMs: 0, abortAfter: 0, ordered: false };

export interface WorkConsumerParts<C extends ChannelName> {
  readonly options: WorkOptions<C>;
  readonly key: string;
  readonly transport: StreamTransport;
  readonly publisher: Publisher;
  readonly dispatcher: Dispatcher<C>;
  readonly tidy: () => Promise<void>;
  /** Told how many entries under way turned out to be another consumer's by now. */
  readonly onTakenOver: (count: number) => void;
  /** Called when the group is gone that this consumer had. */
  readonly onGroupGone: () => void;
}

/**
 * One consumer of one group: reads, hands over, takes over what dead consumers left, and keeps what it has fresh; what becomes of a
 * message after its handler is the settlement's.
 */
export class WorkConsumer<C extends ChannelName> implements Subscription {
  private readonly options: WorkOptions<C> & typeof DEFAULTS;
  private readonly ref: GroupRef;
  private readonly reader: StreamReader;
  private readonly inFlight: InFlight;
  private readonly settlement: Settlement<C>;
  private readonly stopping = new AbortController();
  private readonly interrupting = new AbortController();
  private readonly grouped = Promise.withResolvers<void>();
  private readonly reading: Promise<void>;
  /** False when there may be entries of ours that no handler has: at first, and after a read that broke off. */
  private isRecovered = false;
  private hadGroup = false;
  private isTakingOver = false;
  /** An ordered consumer takes over between two batches. */
  private isTakeOverDue = false;
  private upkeep: NodeJS.Timeout;

  constructor(private readonly parts: WorkConsumerParts<C>) {
    const { options, key, publisher, transport } = parts;
    this.options = { ...DEFAULTS, ...options };
    this.ref = { key, group: options.group, consumer: options.consumer };
    this.inFlight = new InFlight(this.options.claimIdleMs * SURE_SHARE);
    this.settlement = new Settlement({ options: this.options, key, publisher, inFlight: this.inFlight, stopping: this.stopping.signal });
    this.reader = transport.openReader();
    this.reading = this.run();
    this.upkeep = setTimeout(() => void this.tend(), this.upkeepMs());
  }

  get ready(): Promise<void> {
    return this.grouped.promise;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      try {
        if (!this.isRecovered) await this.recover();
        await this.waitForRoom();
        if (this.isTakeOverDue) await this.takeOverAbandoned();
        await this.takeTurn(await this.readNew());
        failures = 0;
      } catch (error) {
        this.isRecovered = false;
        if (isGroupMissing(error)) this.missGroup(); // gone (FLUSHALL, XGROUP DESTROY) is made anew at once
        else await this.settlement.pause(failures++);
      }
    }
  }

  /** Hands over what this consumer took and nobody handles: from before it died, or from a reply that was lost with its connection. */
  private async recover(): Promise<void> {
    const { transport } = this.parts;
    await this.join();
    await this.keepFresh(0); // Redis was away, perhaps for long: others must not think that we were
    for (let after = '0-0'; !this.stopping.signal.aborted; ) {
      const pending = await transport.ownPending(this.ref, after, this.options.batchSize);
      const last = pending.at(-1);
      if (!last) break;
      after = last.id;
      await this.takeOver(pending, 0);
    }
    this.isRecovered = true;
  }

  /** Makes the group where there is none; asks first, since a full Redis refuses to make even what is there. */
  private async join(): Promise<void> {
    const { transport } = this.parts;
    try {
      await transport.ownPending(this.ref, '0-0', 1);
    } catch (error) {
      if (!isGroupMissing(error)) throw error;
      this.missGroup();
      await transport.createGroup(this.ref.key, this.ref.group);
    }
    this.hadGroup = true;
    this.grouped.resolve();
  }

  private missGroup(): void {
    if (this.hadGroup) this.parts.onGroupGone();
    this.hadGroup = false;
  }

  private async takeOver(pending: readonly PendingEntry[], minIdleMs: number): Promise<void> {
    await this.inTurn(await this.claim(pending, minIdleMs));
  }

  private async claim(pending: readonly PendingEntry[], minIdleMs: number): Promise<readonly RawEntry[]> {
    const left = pending.filter(({ id }) => !this.inFlight.has(id));
    if (left.length === 0) return [];
    const askedAt = performance.now();
    const claimed = await this.parts.transport.claim(this.ref, left, minIdleMs);
    const ours = claimed.filter(({ id }) => !this.inFlight.has(id));
    this.take(ours, askedAt); // all at once: nobody here takes them a second time while they wait for their turn
    return ours;
  }

  /** Keeps the order of the stream. An entry that comes a third time may be what kills its readers: it goes alone. */
  private async inTurn(entries: readonly RawEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; ) {
      if (this.stopping.signal.aborted && from > 0) return this.settlement.leave(entries.slice(from).map((entry) => ({ entry })));
      let to = from + 1;
      if (!isSuspect(entries[from])) while (to < entries.length && to - from < this.options.batchSize && !isSuspect(entries[to])) to++;
      await this.handOver(entries.slice(from, to));
      from = to;
    }
  }

  /** Hands over what was just read; with what another reader of our name was handed before it, in their order. */
  private async takeTurn(read: readonly RawEntry[]): Promise<void> {
    const entries = read.filter(({ id }) => !this.inFlight.has(id)); // a group that was made anew hands out what is under way once more
    const last = entries.at(-1);
    if (last === undefined) return;
    const overtaken = this.options.ordered ? await this.overtaken(entries, last.id) : [];
    if (overtaken.length === 0) return this.handOver(entries);
    const claimed = await this.claim(overtaken, 0);
    this.take(entries);
    await this.inTurn([...claimed, ...entries].sort((a, b) => compareEntryIds(a.id, b.id)));
  }

  /** What our name was handed before these entries' last one and is neither among them nor under way: another reader by this name took it. */
  private async overtaken(entries: readonly RawEntry[], lastId: string): Promise<PendingEntry[]> {
    const read = new Set(entries.map(({ id }) => id));
    const page = this.inFlight.size + entries.length + this.options.batchSize;
    const found: PendingEntry[] = [];
    for (let after = '0-0'; ; ) {
      const pending = await this.parts.transport.ownPending(this.ref, after, page, lastId);
      found.push(...pending.filter(({ id }) => !read.has(id) && !this.inFlight.has(id)));
      if (pending.length < page) return found;
      after = pending.at(-1)?.id ?? lastId;
    }
  }

  private async readNew(): Promise<readonly RawEntry[]> {
    const { lingerMs } = this.options;
    const room = Math.max(1, this.room()); // a count of 0 would mean all there is
    const askedAt = performance.now();
    const read = await this.reader.readGroup(this.ref, room, BLOCK_MS);
    const heldUpMs = performance.now() - askedAt - BLOCK_MS;
    const entries = read.length > 0 && heldUpMs > this.options.claimIdleMs * HELD_UP_SHARE ? await this.stillOurs(read) : read;
    if (lingerMs === 0 || entries.length === 0 || entries.length >= room) return entries;
    await abortableDelay(lingerMs, this.stopping.signal);
    try {
      return [...entries, ...(await this.reader.readGroup(this.ref, room - entries.length, 0))];
    } catch {
      this.isRecovered = false;
      return entries;
    }
  }

  /** The reply lay here for long, since this process was held up: others may have taken its entries over. */
  private async stillOurs(entries: readonly RawEntry[]): Promise<readonly RawEntry[]> {
    const owned = new Set(await this.parts.transport.refresh(this.ref, entries.map(({ id }) => id)));
    return entries.filter(({ id }) => owned.has(id));
  }

  private room(): number {
    return Math.min(this.options.batchSize, this.options.concurrency - this.inFlight.size);
  }

  private async waitForRoom(): Promise<void> {
    while (this.room() <= 0 && !this.stopping.signal.aborted) await this.inFlight.change;
  }

  private take(entries: readonly RawEntry[], since = performance.now()): void {
    for (const { id } of entries) this.inFlight.add(id, since);
  }

  private handOver(entries: readonly RawEntry[]): Promise<void> {
    this.take(entries);
    const batch: Delivered<C>[] = [];
    for (const entry of entries) {
      const message = this.read(entry);
      if (message) batch.push({ entry, message });
    }
    return batch.length === 0 ? Promise.resolve() : this.parts.dispatcher.dispatch(batch, this.settlement, this.interrupting.signal);
  }

  /** The message of an entry; one that is not to be handled is set aside, and nobody waits until that is done. */
  private read(entry: RawEntry): Message<C> | undefined {
    let message: Message<C> | undefined;
    try {
      message = decodeEnvelope(this.options.channel, entry);
      if (entry.deliveries <= this.options.maxDeliveries) return message;
      throw new AppError('too_many_deliveries', `It was handed out ${entry.deliveries - 1} times, and no reader came to its end.`);
    } catch (error) {
      void this.settlement.setAside(entry, message, error);
      return undefined;
    }
  }

  private upkeepMs(): number {
    return Math.min(Math.floor(this.options.claimIdleMs / 3), 10_000);
  }

  /** Long calls stay ours, also while we stop: their entries are made to look fresh before another consumer may claim them. */
  private async tend(): Promise<void> {
    try {
      await this.keepFresh(this.upkeepMs() / 4);
      if (!this.stopping.signal.aborted) await this.parts.tidy();
    } catch {
      // the read loop repairs what is wrong
    }
    if (this.options.ordered) this.isTakeOverDue = true;
    else if (!this.isTakingOver && !this.stopping.signal.aborted) void this.takeOverAbandoned();
    if (!this.settlement.isOver) this.upkeep = setTimeout(() => void this.tend(), this.upkeepMs());
  }

  private async keepFresh(unseenForMs: number): Promise<void> {
    const ids = this.inFlight.unseenSince(performance.now() - unseenForMs);
    let lost = 0;
    for (let i = 0; i < ids.length; i += MOST_REFRESHED) {
      const some = ids.slice(i, i + MOST_REFRESHED);
      const askedAt = performance.now();
      lost += this.inFlight.confirm(some, await this.parts.transport.refresh(this.ref, some), askedAt);
    }
    if (lost > 0) this.parts.onTakenOver(lost);
  }

  private async takeOverAbandoned(): Promise<void> {
    const { transport } = this.parts;
    this.isTakingOver = true;
    this.isTakeOverDue = false;
    try {
      const room = this.room();
      if (room > 0) await this.takeOver(await transport.abandoned(this.ref, this.options.claimIdleMs, room), this.options.claimIdleMs);
    } catch {
      // the read loop repairs what is wrong
    } finally {
      this.isTakingOver = false;
    }
  }

  async stop(graceMs = 10_000): Promise<void> {
    const deadline = performance.now() + graceMs;
    this.stopping.abort();
    const patienceMs = graceMs * this.options.abortAfter;
    if (patienceMs === 0) this.interrupting.abort();
    const interrupt = setTimeout(() => this.interrupting.abort(), patienceMs);
    this.reader.close();
    this.inFlight.wake();
    await Promise.race([this.reading, delay(graceMs, undefined, { ref: false })]);
    while (this.inFlight.size > 0 && performance.now() < deadline) await Promise.race([this.inFlight.change, delay(20)]);
    clearTimeout(interrupt);
    clearTimeout(this.upkeep);
    this.interrupting.abort();
    this.settlement.isOver = true;
    await Promise.race([this.handBack(), delay(HAND_BACK_WITHIN_MS, undefined, { ref: false })]);
  }

  /** What was left can be taken over at once, and that it was handed to us in vain does not count against it. */
  private async handBack(): Promise<void> {
    const left = this.settlement.left.splice(0).map(({ id, deliveries }) => ({ id, deliveries: Math.max(1, deliveries - 1) }));
    if (left.length > 0) await this.parts.transport.handBack(this.ref, left, this.options.claimIdleMs).catch(() => undefined); // then it waits to be claimed
  }
}

/** It was handed out twice before, and nobody came to its end. */
function isSuspect(entry: RawEntry | undefined): boolean {
  return entry !== undefined && entry.deliveries > 2;
}
