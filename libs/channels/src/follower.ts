import { backoffMs, type AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import type { Subscription } from './channel-bus.js';
import { decodeEnvelope } from './envelope.js';
import type { Message } from './message.js';
import type { RawEntry, StreamReader, StreamTransport } from './stream-transport.js';

const BLOCK_MS = 2_000;
const TRIM_EVERY_MS = 1_000;

export interface FollowerOptions<C extends ChannelName> {
  readonly channel: C;
  readonly key: string;
  /** The key is this reader's own: what it has read is trimmed. */
  readonly trims: boolean;
  readonly handler: (batch: readonly Message<C>[]) => void;
  readonly onUnreadable: (channel: C, entryId: string, error: AppError) => void;
}

/** Reads a key from now on, without a group. */
export class Follower<C extends ChannelName> implements Subscription {
  private readonly reader: StreamReader;
  private readonly loop: Promise<void>;
  private readonly placed = Promise.withResolvers<void>();
  private isStopped = false;
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
    let position: string | undefined;
    for (let failures = 0; !this.isStopped; ) {
      try {
        position ??= await this.transport.lastId(this.options.key);
        this.placed.resolve();
        const entries = await this.reader.readAfter(this.options.key, position, 1_000, BLOCK_MS);
        failures = 0;
        const last = entries.at(-1);
        if (!last) continue;
        position = last.id;
        const batch = entries.flatMap((entry) => this.decode(entry));
        if (batch.length > 0) this.options.handler(batch);
        await this.trim(position);
      } catch {
        if (!this.isStopped) await new Promise((resolve) => setTimeout(resolve, 20 + backoffMs(failures++, 50, 2_000)));
      }
    }
  }

  private decode(entry: RawEntry): Message<C>[] {
    try {
      return [decodeEnvelope(this.options.channel, entry)];
    } catch (error) {
      this.options.onUnreadable(this.options.channel, entry.id, error as AppError);
      return [];
    }
  }

  private async trim(position: string): Promise<void> {
    if (!this.options.trims || Date.now() - this.trimmedAt < TRIM_EVERY_MS) return;
    this.trimmedAt = Date.now();
    await this.transport.trimThrough(this.options.key, position);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.reader.close();
    await this.loop;
  }
}
