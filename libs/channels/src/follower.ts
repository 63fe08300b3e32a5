import type { ChannelName } from '@nexus/contracts';
import { abortableDelay } from './abortable-delay.js';
import type { Subscription } from './channel-bus.js';
import { isOlder } from './entry-id.js';
import type { Message } from './message.js';
import { waitMs } from './settlement.js';
import type { RawEntry, StreamReader, StreamTransport } from './stream-transport.js';

const BLOCK_MS = 2_000;
const TRIM_EVERY_MS = 1_000;
const BEGINNING = '0-0';

export interface FollowerOptions<C extends ChannelName> {
  readonly key: string;
  /** The key is this reader's own: what it has read is trimmed. */
  readonly trims: boolean;
  /** Gives nothing for an entry that cannot be read. */
  readonly decode: (entry: RawEntry) => readonly Message<C>[];
  readonly handler: (batch: readonly Message<C>[]) => void;
}

/** Reads a key from now on, without a group. */
export class Follower<C extends ChannelName> implements Subscription {
  private readonly reader: StreamReader;
  private readonly loop: Promise<void>;
  private readonly placed = Promise.withResolvers<void>();
  private readonly stopping = new AbortController();
  private trimmedAt = 0;

  constructor(
    private readonly transport: StreamTransport,
    private readonly options: FollowerOptions<C>,
  ) {
    this.reader = transport.openReader();
    this.loop = this.run();
  }

  get ready(): Promise<void> {
    return this.placed.promise;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let position: string | undefined;
    for (let failures = 0; !signal.aborted; ) {
      try {
        position ??= await this.transport.lastId(this.options.key);
        this.placed.resolve();
        const entries = await this.reader.readAfter(this.options.key, position, 1_000, BLOCK_MS);
        failures = 0;
        position = entries.at(-1)?.id ?? (await this.placeIn(position));
        if (entries.length > 0) await this.take(entries, position);
      } catch {
        await abortableDelay(waitMs(failures++), signal);
      }
    }
  }

  /** A stream that began anew (FLUSHALL) on a clock that went back has only ids before the last that was read: they are all new. */
  private async placeIn(position: string): Promise<string> {
    const newest = await this.transport.lastId(this.options.key);
    return newest !== BEGINNING && isOlder(newest, position) ? BEGINNING : position;
  }

  private async take(entries: readonly RawEntry[], position: string): Promise<void> {
    const batch = entries.flatMap((entry) => this.options.decode(entry));
    if (batch.length > 0) this.options.handler(batch);
    if (!this.options.trims || Date.now() - this.trimmedAt < TRIM_EVERY_MS) return;
    this.trimmedAt = Date.now();
    await this.transport.trimThrough(this.options.key, position);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.reader.close();
    await this.loop;
  }
}
