import { Redis, type RedisOptions } from 'ioredis';
import type { Acknowledgement, GroupRef, NewEntry, RawEntry, StreamReader, StreamTransport } from '../stream-transport.js';
import { RedisReader } from './redis-reader.js';
import { RespConnection } from './resp-connection.js';
import { RespEncoder } from './resp-encoder.js';
import { isGroupMissing, toBusError, toEntries } from './replies.js';
import { APPEND_ONCE, REFRESH_OWNED, TRIM_ACKNOWLEDGED } from './scripts.js';

type Command = (string | Buffer | number)[];

/** How often an expiring key is given its life anew. */
const EXPIRY_REFRESH_MS = 10_000;

/**
 * Redis Streams (7.0 or newer). Appends and acknowledgements go over one lean connection, every reader that blocks has its own; what is
 * seldom (groups, claims, trimming) goes through ioredis.
 */
export class RedisStreams implements StreamTransport {
  readonly kind = 'redis';
  private readonly redis: Redis;
  private readonly writer: RespConnection;
  private readonly encoder = new RespEncoder(65_536);
  private readonly readers = new Set<RedisReader>();
  private readonly expiries = new Map<string, number>();

  constructor(private readonly url: string) {
    this.writer = new RespConnection(url, 'nexus-write');
    this.redis = new Redis(url, connectionOptions);
    this.redis.on('error', () => undefined); // every command reports its own failure
    this.redis.defineCommand('refreshOwned', { numberOfKeys: 1, lua: REFRESH_OWNED });
    this.redis.defineCommand('trimAcknowledged', { numberOfKeys: 1, lua: TRIM_ACKNOWLEDGED });
  }

  async write(entries: readonly NewEntry[], acknowledgements: readonly Acknowledgement[]): Promise<void> {
    const now = Date.now();
    for (const entry of entries) this.encode(entry, now);
    for (const ack of acknowledgements) this.encoder.command('XACK', ack.key, ack.group, ...ack.ids);
    const { commands } = this.encoder;
    if (commands === 0) return;
    for (const reply of await this.writer.send(this.encoder.take(), commands)) {
      if (reply instanceof Error && !isGroupMissing(reply)) throw toBusError(reply);
    }
  }

  private encode(entry: NewEntry, now: number): void {
    const { encoder } = this;
    const minId = entry.trimOlderThanMs === undefined ? '' : `${now - entry.trimOlderThanMs}`;
    if (entry.once) {
      encoder.command('EVAL', APPEND_ONCE, 2, entry.key, entry.once.marker, entry.once.markerMs, minId, ...entry.fields);
    } else {
      encoder.begin(3 + (minId ? 3 : 0) + entry.fields.length);
      encoder.text('XADD');
      encoder.text(entry.key);
      if (minId) for (const part of ['MINID', '~', minId]) encoder.text(part);
      encoder.text('*');
      for (const field of entry.fields) encoder.part(field);
    }
    if (entry.expireMs !== undefined && (this.expiries.get(entry.key) ?? 0) < now) {
      if (this.expiries.size > 10_000) this.expiries.clear();
      this.expiries.set(entry.key, now + Math.min(EXPIRY_REFRESH_MS, entry.expireMs / 2));
      encoder.command('PEXPIRE', entry.key, entry.expireMs);
    }
  }

  openReader(): StreamReader {
    const reader = new RedisReader(new RespConnection(this.url, 'nexus-read'), () => this.readers.delete(reader));
    this.readers.add(reader);
    return reader;
  }

  async createGroup(key: string, group: string): Promise<void> {
    try {
      await this.redis.xgroup('CREATE', key, group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw toBusError(error);
    }
  }

  async readPending(ref: GroupRef, afterId: string, count: number): Promise<readonly RawEntry[]> {
    const reply = await this.call('xreadgroup', 'GROUP', ref.group, ref.consumer, 'COUNT', count, 'STREAMS', ref.key, afterId);
    const [stream] = (reply ?? []) as [Buffer, unknown][];
    const entries = toEntries(stream?.[1]);
    return this.withDeliveries(ref, entries);
  }

  async claimAbandoned(ref: GroupRef, minIdleMs: number, count: number): Promise<readonly RawEntry[]> {
    const reply = await this.call('xautoclaim', ref.key, ref.group, ref.consumer, minIdleMs, '0-0', 'COUNT', count);
    return this.withDeliveries(ref, toEntries((reply as unknown[])[1]));
  }

  private async withDeliveries(ref: GroupRef, entries: readonly RawEntry[]): Promise<readonly RawEntry[]> {
    const first = entries[0];
    const last = entries.at(-1);
    if (!first || !last) return entries;
    const reply = await this.call('xpending', ref.key, ref.group, first.id, last.id, entries.length, ref.consumer);
    const counts = new Map((reply as [Buffer, Buffer, number, number][]).map((row) => [row[0].toString('latin1'), row[3]]));
    return entries.map((entry) => ({ ...entry, deliveries: counts.get(entry.id) ?? 1 }));
  }

  async refresh(ref: GroupRef, ids: readonly string[]): Promise<readonly string[]> {
    const reply = await this.call('refreshOwned', ref.key, ref.group, ref.consumer, ...ids);
    return (reply as Buffer[]).map((id) => id.toString('latin1'));
  }

  async lastId(key: string): Promise<string> {
    return toEntries(await this.call('xrevrange', key, '+', '-', 'COUNT', 1))[0]?.id ?? '0-0';
  }

  async range(key: string, afterId: string, count: number): Promise<readonly RawEntry[]> {
    return toEntries(await this.call('xrange', key, `(${afterId === '0' ? '0-0' : afterId}`, '+', 'COUNT', count));
  }

  async trimAcknowledged(key: string, olderThanMs: number): Promise<void> {
    await this.call('trimAcknowledged', key, `${Date.now() - olderThanMs}-0`);
  }

  async trimThrough(key: string, id: string): Promise<void> {
    const [ms, seq] = id.split('-');
    await this.call('xtrim', key, 'MINID', `${ms}-${Number(seq) + 1}`);
  }

  async ping(): Promise<void> {
    await this.call('ping');
  }

  async close(): Promise<void> {
    for (const reader of [...this.readers]) reader.close();
    this.writer.close();
    this.redis.disconnect();
  }

  /** One command with its reply's strings as buffers. Scripts go by their defined name. */
  private async call(name: string, ...args: Command): Promise<unknown> {
    try {
      const custom = (this.redis as unknown as Record<string, ((...args: Command) => Promise<unknown>) | undefined>)[`${name}Buffer`];
      return await (custom ? custom.apply(this.redis, args) : this.redis.callBuffer(name, args));
    } catch (error) {
      if (isGroupMissing(error)) throw error;
      throw toBusError(error);
    }
  }
}

/** RESP2 replies are arrays everywhere; a reconnect waits at most two seconds. */
const connectionOptions: RedisOptions = {
  protocol: 2,
  connectionName: 'nexus-upkeep',
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  maxRetriesPerRequest: 3,
};
