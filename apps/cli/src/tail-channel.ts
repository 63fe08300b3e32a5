import { decodeEnvelope } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { Redis } from 'ioredis';
import { entryJson, entryLines, unreadableEntry } from './format/channel-entry.js';
import { knownChannel } from './known-channel.js';
import type { Terminal } from './terminal.js';

export interface TailOptions {
  readonly channel: string;
  /** The newest entries to begin with. */
  readonly last: number;
  readonly replyTo?: string | undefined;
  readonly follow: boolean;
  readonly isJson: boolean;
}

export interface TailedRedis {
  readonly url: string;
  readonly prefix: string;
  readonly terminal: Terminal;
}

interface Entry {
  readonly id: string;
  readonly fields: readonly Buffer[];
}

type Reply = readonly [Buffer, readonly Buffer[]][];

const BLOCK_MS = 5_000;
const COUNT = 100;

/** Shows a channel's entries as they come, and resolves when asked not to follow; else Ctrl-C ends it. */
export async function tailChannel({ url, prefix, terminal }: TailedRedis, { channel, last, replyTo, follow, isJson }: TailOptions): Promise<void> {
  const name = knownChannel(channel);
  const key = `${prefix}${name}${replyTo === undefined ? '' : `:${replyTo}`}`;
  // RESP2 replies are arrays everywhere.
  const redis = new Redis(url, { protocol: 2, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null, connectionName: 'nexus-tail' });
  redis.on('error', () => undefined); // every command reports its own failure
  const show = (entries: readonly Entry[]): void => entries.forEach((entry) => terminal.lines(shown(name, entry, isJson)));
  try {
    await redis.connect();
    const newest = toEntries((await redis.callBuffer('XREVRANGE', key, '+', '-', 'COUNT', Math.max(last, 1))) as Reply);
    show(newest.slice(0, last).reverse());
    if (!follow) {
      if (newest.length === 0) terminal.note(`${key} is empty`);
      else if (last === 0) terminal.note('--last says how many entries to show');
      return;
    }
    terminal.note(`following ${key}; Ctrl-C ends`);
    for (let after = newest[0]?.id ?? '0-0'; ;) {
      const reply = (await redis.callBuffer('XREAD', 'COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', key, after)) as readonly [Buffer, Reply][] | null;
      const entries = toEntries(reply?.[0]?.[1] ?? []);
      show(entries);
      after = entries.at(-1)?.id ?? after;
    }
  } catch (cause) {
    throw new AppError('no_redis', `Redis does not answer at ${withoutSecret(url)}.`, { cause });
  } finally {
    redis.disconnect();
  }
}

function toEntries(reply: Reply): Entry[] {
  return reply.map(([id, fields]) => ({ id: id.toString('latin1'), fields }));
}

function shown(channel: ChannelName, entry: Entry, isJson: boolean): string[] {
  try {
    const message = decodeEnvelope(channel, { ...entry, deliveries: 1 });
    return isJson ? [entryJson(message)] : entryLines(message);
  } catch (error) {
    return [unreadableEntry(channel, entry.id, AppError.from(error), isJson)];
  }
}

function withoutSecret(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : 'REDIS_URL, which is no URL';
}
