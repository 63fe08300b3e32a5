import { AppError, backoffMs } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import type { Outcome, Subscription, WorkOptions } from './channel-bus.js';
import { decodeEnvelope, packRaw } from './envelope.js';
import type { Message } from './message.js';
import type { Publisher } from './publisher.js';
import { isGroupMissing } from './redis/replies.js';
import type { GroupRef, RawEntry, StreamReader, StreamTransport } from './stream-transport.js';

const BLOCK_MS = 2_000;
const DEFAULTS = { batchSize: 256, concurrency: 256, claimIdleMs: 30_000, maxDeliveries: 5, lingerMs: 0 };

/** A message under way, with the entry it came from. */
export interface Delivered<C extends ChannelName> {
  readonly entry: RawEntry;
  readonly message: Message<C>;
}

/** How a consumer hands over what it read; the two kinds differ in nothing else. */
export interface Dispatcher<C extends ChannelName> {
  /** Handles the batch; resolves when the consumer may read on. Never rejects: it settles each entry through `settle` or `fail`. */
  dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void>;
}

export interface Settlement<C extends ChannelName> {
  /** Publishes, then acknowledges. */
  settle(batch: readonly Delivered<C>[], outcome: Outcome): Promise<void>;
  /** One more failed delivery of one message: resolves true when it shall be tried again (after a wait), false when it became a dead letter. */
  fail(delivered: Delivered<C>, failures: number, error: unknown): Promise<boolean>;
  /** No longer under way; one that was not acknowledged stays pending, for the next consumer. */
  leave(delivered: Delivered<C>): void;
  /** Waits out what is not the message's fault: lost connections, a full Redis. */
  pause(failures: number): Promise<void>;
}

/**
 * One consumer of one group: reads, hands over, acknowledges after the commit, takes over what dead consumers left, and sets aside
 * what cannot be handled. What it has under way is in `inFlight`; nothing is acknowledged that is not settled.
 */
export class WorkConsumer<C extends ChannelName> implements Subscription, Settlement<C> {
  private readonly options: WorkOptions<C> & typeof DEFAULTS;
  private readonly ref: GroupRef;
  private readonly reader: StreamReader;
  private readonly inFlight = new Map<string, number>();
  private readonly abort = new AbortController();
  private readonly loops: Promise<void>;
  private freed = Promise.withResolvers<void>();
  private readonly grouped = Promise.withResolvers<void>();
  private upkeep: NodeJS.Timeout;

  constructor(
    options: WorkOptions<C>,
    key: string,
    private readonly transport: StreamTransport,
    private readonly publisher: Publisher,
    private readonly dispatcher: Dispatcher<C>,
    private readonly retentionMs: number,
  ) {
    this.options = { ...DEFAULTS, ...options };
    this.ref = { key, group: options.group, consumer: options.consumer };
    this.reader = transport.openReader();
    this.loops = this.run();
    this.upkeep = setTimeout(() => void this.maintain(), this.upkeepMs());
  }

  get ready(): Promise<void> {
    return this.grouped.promise;
  }

  private async run(): Promise<void> {
    let failures = 0;
    let isRecovered = false;
    while (!this.abort.signal.aborted) {
      try {
        if (!isRecovered) {
          await this.transport.createGroup(this.ref.key, this.ref.group);
          this.grouped.resolve();
          await this.recover();
          isRecovered = true;
        }
        await this.waitForRoom();
        await this.handOver(await this.readNew());
        failures = 0;
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (isGroupMissing(error)) isRecovered = false; // FLUSHALL, XGROUP DESTROY: begin again
        else await this.pause(failures++);
      }
    }
  }

  /** What this consumer took before it died. */
  private async recover(): Promise<void> {
    for (let after = '0-0'; ; ) {
      const entries = await this.transport.readPending(this.ref, after, this.options.batchSize);
      const last = entries.at(-1);
      if (!last || this.abort.signal.aborted) return;
      after = last.id;
      await this.redeliver(entries);
    }
  }

  /** An entry that came a third time may be what kills its readers: it goes alone. */
  private async redeliver(entries: readonly RawEntry[]): Promise<void> {
    const fresh = entries.filter((entry) => !this.inFlight.has(entry.id));
    await this.handOver(fresh.filter((entry) => entry.deliveries <= 2));
    for (const entry of fresh) if (entry.deliveries > 2) await this.handOver([entry]);
  }

  private async readNew(): Promise<readonly RawEntry[]> {
    const { batchSize, concurrency, lingerMs } = this.options;
    const room = () => Math.min(batchSize, concurrency - this.inFlight.size);
    const entries = await this.reader.readGroup(this.ref, room(), BLOCK_MS);
    if (lingerMs === 0 || entries.length === 0 || entries.length >= room()) return entries;
    await new Promise((resolve) => setTimeout(resolve, lingerMs));
    return [...entries, ...(await this.reader.readGroup(this.ref, room() - entries.length, 0))];
  }

  private async waitForRoom(): Promise<void> {
    while (this.inFlight.size >= this.options.concurrency && !this.abort.signal.aborted) await this.freed.promise;
  }

  private async handOver(entries: readonly RawEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const now = Date.now();
    const batch: Delivered<C>[] = [];
    for (const entry of entries) {
      this.inFlight.set(entry.id, now);
      try {
        batch.push({ entry, message: decodeEnvelope(this.options.channel, entry) });
      } catch (error) {
        await this.setAside(entry, undefined, error);
      }
    }
    if (batch.length > 0) await this.dispatcher.dispatch(batch, this, this.abort.signal);
  }

  async settle(batch: readonly Delivered<C>[], outcome: Outcome): Promise<void> {
    await this.acknowledge(batch.map((delivered) => delivered.entry.id), outcome);
  }

  private async acknowledge(ids: readonly string[], outcome: Outcome): Promise<void> {
    await this.publisher.write(outcome, { key: this.ref.key, group: this.ref.group, ids });
    for (const id of ids) this.inFlight.delete(id);
    this.wake();
  }

  private wake(): void {
    this.freed.resolve();
    this.freed = Promise.withResolvers<void>();
  }

  leave(delivered: Delivered<C>): void {
    if (this.inFlight.delete(delivered.entry.id)) this.wake();
  }

  async fail(delivered: Delivered<C>, failures: number, error: unknown): Promise<boolean> {
    const known = AppError.from(error);
    if (known.isRetryable) return this.waitToRetry(failures);
    const deliveries = delivered.entry.deliveries + failures - 1;
    if (deliveries < this.options.maxDeliveries && known.code === 'internal') return this.waitToRetry(failures);
    await this.setAside(delivered.entry, delivered.message, error, deliveries);
    return false;
  }

  private async waitToRetry(failures: number): Promise<boolean> {
    await this.pause(failures);
    return !this.abort.signal.aborted;
  }

  async pause(failures: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 20 + backoffMs(failures, 50, 2_000));
    this.abort.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }

  private async setAside(entry: RawEntry, message: Message<C> | undefined, error: unknown, deliveries = entry.deliveries): Promise<void> {
    const { code, message: reason } = AppError.from(error);
    const letter = { channel: this.options.channel, group: this.options.group, entryId: entry.id, raw: packRaw(entry), reasonCode: code, reason, deliveries, message };
    for (let failures = 0; !this.abort.signal.aborted; failures++) {
      try {
        return await this.acknowledge([entry.id], await this.options.onDeadLetter(letter));
      } catch {
        await this.pause(failures); // the store is away: the entry stays pending, nothing is lost
      }
    }
  }

  private upkeepMs(): number {
    return Math.min(Math.floor(this.options.claimIdleMs / 3), 10_000);
  }

  private async maintain(): Promise<void> {
    try {
      await this.refreshLong();
      const room = Math.min(this.options.batchSize, this.options.concurrency - this.inFlight.size);
      if (room > 0) await this.redeliver(await this.transport.claimAbandoned(this.ref, this.options.claimIdleMs, room));
      await this.transport.trimAcknowledged(this.ref.key, this.retentionMs);
    } catch {
      // the read loop reports and repairs what is wrong with the connection
    }
    if (!this.abort.signal.aborted) this.upkeep = setTimeout(() => void this.maintain(), this.upkeepMs());
  }

  /** Long calls stay ours: their entries are made to look fresh before another consumer may claim them. */
  private async refreshLong(): Promise<void> {
    const since = Date.now() - this.upkeepMs() / 2;
    const ids = [...this.inFlight].filter(([, takenAt]) => takenAt < since).map(([id]) => id);
    for (let i = 0; i < ids.length; i += 1_000) await this.transport.refresh(this.ref, ids.slice(i, i + 1_000));
  }

  async stop(graceMs = 10_000): Promise<void> {
    this.abort.abort();
    clearTimeout(this.upkeep);
    this.reader.close();
    const deadline = Date.now() + graceMs;
    this.wake();
    await Promise.race([this.loops, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    while (this.inFlight.size > 0 && Date.now() < deadline) {
      await Promise.race([this.freed.promise, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  }
}
