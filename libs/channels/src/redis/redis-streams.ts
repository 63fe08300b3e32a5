import type { AppError } from '@nexus/core';
import type { ChannelMeasure, GroupMeasure } from '../channel-measure.js';
import { nextEntryId } from '../entry-id.js';
import {
  NOTHING_REFUSED, type Acknowledgement, type GroupRef, type IdleGroup, type NewEntry, type PendingEntry, type RawEntry, type Refusals, type StreamCommand, type StreamReader,
  type StreamTransport, type TidyPolicy,
} from '../stream-transport.js';
import { parseRedisUrl, type RedisAddress } from './redis-address.js';
import { RedisReader } from './redis-reader.js';
import { RespConnection } from './resp-connection.js';
import type { RespValue } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';
import { isGroupMissing, isGroupThere, toBusError, toEntries, toPending } from './replies.js';
import { ACKNOWLEDGE_OWNED, APPEND_ONCE, HAND_BACK, MEASURE, QUEUE_AGE, REFRESH_OWNED, TIDY } from './scripts.js';

/** How often an expiring key is given its life anew. */
const EXPIRY_REFRESH_MS = 10_000;
const LONGEST_BLOCK_MS = 2_000;

/**
 * Redis Streams (7.0 or newer). Appends and acknowledgements go over one connection, every reader that blocks has its own; what is
 * seldom (groups, claims, trimming) goes over a third, so that it holds up nobody.
 */
export class RedisStreams implements StreamTransport {
  readonly kind = 'redis';
  private readonly address: RedisAddress;
  private readonly writer: RespConnection;
  private readonly upkeep: RespConnection;
  private readonly encoder = new RespEncoder(65_536);
  private readonly upkeepEncoder = new RespEncoder();
  private readonly readers = new Set<RedisReader>();
  private readonly expiries = new Map<string, number>();
  private readonly servers = new Set<string>();
  private tellOtherServer: () => void = () => undefined;

  constructor(url: string) {
    this.address = parseRedisUrl(url);
    this.writer = this.connection('nexus-write');
    this.upkeep = this.connection('nexus-upkeep');
  }

  private connection(name: string, blockMs = 0): RespConnection {
    return new RespConnection(this.address, { name, blockMs, onServer: (runId) => this.meet(runId) });
  }

  /** One that was met before is none that began anew: behind one address there may be several. */
  private meet(runId: string): void {
    if (this.servers.has(runId)) return;
    this.servers.add(runId);
    if (this.servers.size > 1) this.tellOtherServer();
  }

  async write(commands: readonly StreamCommand[]): Promise<Refusals> {
    const { bytes, count } = this.encode(commands);
    try {
      return refusalsOf(await this.writer.send(bytes, count), commands.length);
    } catch (error) {
      this.expiries.clear(); // nobody knows which of them were heard
      throw error;
    }
  }

  /** The commands, each one's reply in its place, and then what lets new keys expire. */
  private encode(commands: readonly StreamCommand[]): { readonly bytes: Buffer; readonly count: number } {
    const now = Date.now();
    const { encoder } = this;
    const expiring: NewEntry[] = [];
    for (const command of commands) {
      if ('ids' in command) this.acknowledge(command);
      else {
        this.append(command);
        if (command.expireMs !== undefined && (this.expiries.get(command.key) ?? 0) < now) {
          if (this.expiries.size > 10_000) this.expiries.clear();
          this.expiries.set(command.key, now + Math.min(EXPIRY_REFRESH_MS, command.expireMs / 2));
          expiring.push(command);
        }
      }
    }
    for (const { key, expireMs = 0 } of expiring) encoder.command('PEXPIRE', key, expireMs);
    return { count: encoder.commands, bytes: encoder.take() };
  }

  private acknowledge({ key, group, ids, owner }: Acknowledgement): void {
    if (owner === undefined) this.encoder.command('XACK', key, group, ...ids);
    else this.encoder.command('EVAL', ACKNOWLEDGE_OWNED, 1, key, group, owner, ...ids);
  }

  private append(entry: NewEntry): void {
    const { encoder } = this;
    if (entry.once) return encoder.command('EVAL', APPEND_ONCE, 2, entry.key, entry.once.marker, entry.once.markerMs, ...entry.fields);
    encoder.begin(3 + entry.fields.length);
    encoder.text('XADD');
    encoder.text(entry.key);
    encoder.text('*');
    for (const field of entry.fields) encoder.part(field);
  }

  openReader(): StreamReader {
    const reader: RedisReader = new RedisReader({
      connection: this.connection('nexus-read', LONGEST_BLOCK_MS),
      unblock: async (id) => void (await this.call('CLIENT', 'UNBLOCK', id)),
      onClosed: () => this.readers.delete(reader),
    });
    this.readers.add(reader);
    return reader;
  }

  async createGroup(key: string, group: string): Promise<void> {
    try {
      await this.call('XGROUP', 'CREATE', key, group, '0', 'MKSTREAM', 'ENTRIESREAD', 0); // said, it is remembered over a restart
    } catch (error) {
      if (!isGroupThere(error)) throw error;
    }
  }

  async ownPending({ key, group, consumer }: GroupRef, afterId: string, count: number, beforeId?: string): Promise<readonly PendingEntry[]> {
    return toPending(await this.call('XPENDING', key, group, `(${afterId}`, beforeId === undefined ? '+' : `(${beforeId}`, count, consumer));
  }

  async abandoned({ key, group }: GroupRef, minIdleMs: number, count: number): Promise<readonly PendingEntry[]> {
    return toPending(await this.call('XPENDING', key, group, 'IDLE', minIdleMs, '-', '+', count));
  }

  async claim({ key, group, consumer }: GroupRef, pending: readonly PendingEntry[], minIdleMs: number): Promise<readonly RawEntry[]> {
    const earlier = new Map(pending.map(({ id, deliveries }) => [id, deliveries]));
    const entries = toEntries(await this.call('XCLAIM', key, group, consumer, minIdleMs, ...earlier.keys()));
    return entries.map((entry) => ({ ...entry, deliveries: (earlier.get(entry.id) ?? 0) + 1 }));
  }

  async refresh({ key, group, consumer }: GroupRef, ids: readonly string[]): Promise<readonly string[]> {
    const owned = await this.call('EVAL', REFRESH_OWNED, 1, key, group, consumer, ...ids);
    return (owned as Buffer[]).map((id) => id.toString('latin1'));
  }

  async handBack({ key, group, consumer }: GroupRef, entries: readonly PendingEntry[], idleMs: number): Promise<void> {
    await this.call('EVAL', HAND_BACK, 1, key, group, consumer, idleMs, ...entries.flatMap(({ id, deliveries }) => [id, deliveries]));
  }

  async queueAge(key: string, group: string): Promise<number> {
    return Number(await this.call('EVAL', QUEUE_AGE, 1, key, group));
  }

  async measure(key: string): Promise<ChannelMeasure> {
    const [entries, added, ...rows] = (await this.call('EVAL', MEASURE, 1, key)) as readonly (Buffer | number)[];
    const groups: GroupMeasure[] = [];
    for (let i = 0; i < rows.length; i += 5) {
      const [lag, pending, queueAgeMs, pendingAgeMs] = rows.slice(i + 1, i + 5).map(Number) as [number, number, number, number];
      groups.push({ name: String(rows[i]), lag, pending, queueAgeMs, pendingAgeMs });
    }
    return { entries: Number(entries), added: Number(added), groups };
  }

  onOtherServer(listener: () => void): void {
    this.tellOtherServer = listener;
  }

  async lastId(key: string): Promise<string> {
    return toEntries(await this.call('XREVRANGE', key, '+', '-', 'COUNT', 1))[0]?.id ?? '0-0';
  }

  async range(key: string, afterId: string, count: number): Promise<readonly RawEntry[]> {
    return toEntries(await this.call('XRANGE', key, `(${afterId === '0' ? '0-0' : afterId}`, '+', 'COUNT', count));
  }

  async tidy(key: string, { retentionMs, group = '', groupIdleMs, consumerIdleMs }: TidyPolicy): Promise<readonly IdleGroup[]> {
    const dropped = (await this.call('EVAL', TIDY, 1, key, retentionMs, group, groupIdleMs, consumerIdleMs)) as (Buffer | number)[];
    return dropped.flatMap((name, i) => (i % 2 === 0 ? [{ name: String(name), waitedMs: Number(dropped[i + 1]) }] : []));
  }

  async trimThrough(key: string, id: string): Promise<void> {
    await this.call('XTRIM', key, 'MINID', nextEntryId(id));
  }

  async ping(): Promise<void> {
    await this.call('PING');
  }

  async close(): Promise<void> {
    for (const reader of [...this.readers]) reader.abandon();
    this.writer.close();
    this.upkeep.close();
  }

  private async call(...command: (string | number)[]): Promise<RespValue | undefined> {
    this.upkeepEncoder.command(...command);
    const [reply] = await this.upkeep.send(this.upkeepEncoder.take(), 1);
    if (!(reply instanceof Error)) return reply;
    throw isGroupMissing(reply) ? reply : toBusError(reply);
  }
}

/** The refused ones among the first `count` replies; what comes after them may fail. */
function refusalsOf(replies: readonly RespValue[], count: number): Refusals {
  let refusals: Map<number, AppError> | undefined;
  for (let place = 0; place < count; place++) {
    const reply = replies[place];
    if (reply instanceof Error) (refusals ??= new Map<number, AppError>()).set(place, toBusError(reply));
  }
  return refusals ?? NOTHING_REFUSED;
}
