import type { ChannelMeasure } from '../channel-measure.js';
import { nextEntryId } from '../entry-id.js';
import { NOTHING_REFUSED, type GroupRef, type IdleGroup, type PendingEntry, type RawEntry, type Refusals, type StreamCommand, type StreamReader, type StreamTransport, type TidyPolicy } from '../stream-transport.js';
import { MemoryReader } from './memory-reader.js';
import { MemoryStream } from './memory-stream.js';

const SWEEP_EVERY_MS = 60_000;

/**
 * The twin in memory: streams, groups and pending entries of one process, for trying NEXUS without Redis. It keeps nothing when the
 * process ends.
 */
export class MemoryStreams implements StreamTransport {
  readonly kind = 'memory';
  private readonly streams = new Map<string, MemoryStream>();
  private readonly markers = new Map<string, number>();
  private readonly readers = new Set<MemoryReader>();
  private sweptAt = Date.now();

  async write(commands: readonly StreamCommand[]): Promise<Refusals> {
    const now = Date.now();
    for (const command of commands) {
      if ('ids' in command) this.stream(command.key).acknowledge(command);
      else if (!command.once || this.mark(command.once.marker, command.once.markerMs, now)) {
        const stream = this.stream(command.key);
        stream.add(command.fields.map((field) => Buffer.from(field)), now);
        if (command.expireMs !== undefined) stream.expiresAt = now + command.expireMs;
        for (const reader of this.readers) reader.wake(command.key);
      }
    }
    if (now - this.sweptAt > SWEEP_EVERY_MS) this.sweep(now);
    return NOTHING_REFUSED;
  }

  openReader(): StreamReader {
    const reader = new MemoryReader((key) => this.stream(key), () => this.readers.delete(reader));
    this.readers.add(reader);
    return reader;
  }

  async createGroup(key: string, group: string): Promise<void> {
    this.stream(key).createGroup(group);
  }

  async ownPending(ref: GroupRef, afterId: string, count: number, beforeId?: string): Promise<readonly PendingEntry[]> {
    return this.stream(ref.key).ownPending(ref, afterId, count, beforeId);
  }

  async abandoned(ref: GroupRef, minIdleMs: number, count: number): Promise<readonly PendingEntry[]> {
    return this.stream(ref.key).abandoned(ref, minIdleMs, count, Date.now());
  }

  async claim(ref: GroupRef, pending: readonly PendingEntry[], minIdleMs: number): Promise<readonly RawEntry[]> {
    return this.stream(ref.key).claim(ref, pending.map(({ id }) => id), minIdleMs, Date.now());
  }

  async refresh(ref: GroupRef, ids: readonly string[]): Promise<readonly string[]> {
    return this.stream(ref.key).refresh(ref, ids, Date.now());
  }

  async handBack(ref: GroupRef, entries: readonly PendingEntry[], idleMs: number): Promise<void> {
    this.stream(ref.key).handBack(ref, entries, Date.now() - idleMs);
  }

  async queueAge(key: string, group: string): Promise<number> {
    return this.stream(key).queueAge(group, Date.now());
  }

  async measure(key: string): Promise<ChannelMeasure> {
    return this.stream(key).measure(Date.now());
  }

  onOtherServer(): void {} // it is this process

  async lastId(key: string): Promise<string> {
    return this.stream(key).lastId;
  }

  async range(key: string, afterId: string, count: number): Promise<readonly RawEntry[]> {
    return this.stream(key).after(afterId, count);
  }

  async tidy(key: string, policy: TidyPolicy): Promise<readonly IdleGroup[]> {
    return this.stream(key).tidy(policy, Date.now());
  }

  async trimThrough(key: string, id: string): Promise<void> {
    this.stream(key).trimBefore(nextEntryId(id));
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    for (const reader of [...this.readers]) reader.close();
  }

  /** The stream of a key, made when it is first named; one that expired begins anew. */
  private stream(key: string): MemoryStream {
    let stream = this.streams.get(key);
    if (!stream || stream.expiresAt < Date.now()) this.streams.set(key, (stream = new MemoryStream()));
    return stream;
  }

  private mark(marker: string, lifeMs: number, now: number): boolean {
    if ((this.markers.get(marker) ?? 0) > now) return false;
    this.markers.set(marker, now + lifeMs);
    return true;
  }

  /** What expired is forgotten. */
  private sweep(now: number): void {
    this.sweptAt = now;
    for (const [name, until] of this.markers) if (until <= now) this.markers.delete(name);
    for (const [key, stream] of this.streams) if (stream.expiresAt < now) this.streams.delete(key);
  }
}
