import { AppError } from '@nexus/core';
import type { Acknowledgement, GroupRef, NewEntry, RawEntry, StreamReader, StreamTransport } from '../stream-transport.js';
import { MemoryStream } from './memory-stream.js';

/**
 * The twin in memory: streams, groups and pending entries of one process, for trying NEXUS without Redis. It keeps nothing when the
 * process ends.
 */
export class MemoryStreams implements StreamTransport {
  readonly kind = 'memory';
  private readonly streams = new Map<string, MemoryStream>();
  private readonly markers = new Map<string, number>();
  private readonly readers = new Set<MemoryReader>();
  private wake = Promise.withResolvers<void>();

  async write(entries: readonly NewEntry[], acknowledgements: readonly Acknowledgement[]): Promise<void> {
    const now = Date.now();
    for (const entry of entries) {
      if (entry.once && !this.mark(entry.once.marker, entry.once.markerMs, now)) continue;
      const stream = this.stream(entry.key);
      stream.add(entry.fields.map((field) => Buffer.from(field)), now);
      if (entry.trimOlderThanMs !== undefined) stream.trimBefore(`${now - entry.trimOlderThanMs}-0`);
      if (entry.expireMs !== undefined) stream.expiresAt = now + entry.expireMs;
    }
    for (const ack of acknowledgements) this.stream(ack.key).acknowledge(ack.group, ack.ids);
    if (entries.length > 0) this.wakeReaders();
  }

  openReader(): StreamReader {
    const reader = new MemoryReader(this, (blockMs) => this.waitForEntries(blockMs), () => {
      this.readers.delete(reader);
      this.wakeReaders(); // else its timer would keep the process alive for as long as it blocks
    });
    this.readers.add(reader);
    return reader;
  }

  async createGroup(key: string, group: string): Promise<void> {
    this.stream(key).createGroup(group);
  }

  async readPending(ref: GroupRef, afterId: string, count: number): Promise<readonly RawEntry[]> {
    return this.stream(ref.key).readPending(ref, afterId, count, Date.now());
  }

  async claimAbandoned(ref: GroupRef, minIdleMs: number, count: number): Promise<readonly RawEntry[]> {
    return this.stream(ref.key).claim(ref, minIdleMs, count, Date.now());
  }

  async refresh(ref: GroupRef, ids: readonly string[]): Promise<readonly string[]> {
    return this.stream(ref.key).refresh(ref, ids, Date.now());
  }

  async lastId(key: string): Promise<string> {
    return this.stream(key).lastId;
  }

  async range(key: string, afterId: string, count: number): Promise<readonly RawEntry[]> {
    return this.stream(key).after(afterId, count);
  }

  async trimAcknowledged(key: string, olderThanMs: number): Promise<void> {
    this.stream(key).trimAcknowledged(`${Date.now() - olderThanMs}-0`);
  }

  async trimThrough(key: string, id: string): Promise<void> {
    const [ms, seq] = id.split('-');
    this.stream(key).trimBefore(`${ms}-${Number(seq) + 1}`);
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    for (const reader of [...this.readers]) reader.close();
  }

  /** The stream of a key, made when it is first named; one that expired begins anew. */
  stream(key: string): MemoryStream {
    let stream = this.streams.get(key);
    if (!stream || stream.expiresAt < Date.now()) this.streams.set(key, (stream = new MemoryStream()));
    return stream;
  }

  private mark(marker: string, lifeMs: number, now: number): boolean {
    if ((this.markers.get(marker) ?? 0) > now) return false;
    if (this.markers.size > 100_000) for (const [name, until] of this.markers) if (until <= now) this.markers.delete(name);
    this.markers.set(marker, now + lifeMs);
    return true;
  }

  private wakeReaders(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers<void>();
  }

  private waitForEntries(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    void this.wake.promise.then(resolve);
    return promise.finally(() => clearTimeout(timer));
  }
}

/** A read that blocks looks again whenever something was added anywhere. */
class MemoryReader implements StreamReader {
  private isClosed = false;
  private readonly closed = Promise.withResolvers<void>();

  constructor(
    private readonly streams: MemoryStreams,
    private readonly waitForEntries: (ms: number) => Promise<void>,
    private readonly onClose: () => void,
  ) {}

  readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.poll(() => this.streams.stream(ref.key).readGroup(ref, count, Date.now()), blockMs);
  }

  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.poll(() => this.streams.stream(key).after(afterId, count), blockMs);
  }

  private async poll(take: () => readonly RawEntry[], blockMs: number): Promise<readonly RawEntry[]> {
    const deadline = Date.now() + blockMs;
    for (;;) {
      if (this.isClosed) throw new AppError('bus_unavailable', 'The bus is closed.', { status: 503, isRetryable: true });
      const entries = take();
      const left = deadline - Date.now();
      if (entries.length > 0 || left <= 0) return entries;
      await Promise.race([this.waitForEntries(left), this.closed.promise]);
    }
  }

  close(): void {
    this.isClosed = true;
    this.closed.resolve();
    this.onClose();
  }
}
