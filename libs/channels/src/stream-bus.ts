import { AppError } from '@nexus/core';
import { channels, type ChannelName } from '@nexus/contracts';
import type { BatchHandler, ChannelBus, EachHandler, Subscription, WorkOptions } from './channel-bus.js';
import { sumOfPartitions, type ChannelMeasure } from './channel-measure.js';
import { BatchDispatcher, EachDispatcher, type Dispatcher } from './dispatchers.js';
import { decodeEnvelope } from './envelope.js';
import { Follower } from './follower.js';
import { ChannelKeys } from './keys.js';
import { MemoryStreams } from './memory/memory-streams.js';
import { LossWatch, type LossListener } from './loss-watch.js';
import type { Message, OutgoingMessage } from './message.js';
import { Publisher } from './publisher.js';
import { unpackRaw } from './raw-fields.js';
import { RedisStreams } from './redis/redis-streams.js';
import { StreamTidier, type DroppedGroup } from './stream-tidier.js';
import type { RawEntry, StreamTransport } from './stream-transport.js';
import { DEFAULT_BATCH_SIZE, WorkConsumer } from './work-consumer.js';

export interface BusOptions {
  /** Put before every key; empty by default. */
  readonly prefix?: string;
  /** Partitions of each work channel; default 1. */
  readonly partitions?: number;
  /** Told of broadcast and reply entries that cannot be read; they are skipped. */
  readonly onUnreadable?: (channel: ChannelName, entryId: string, error: AppError) => void;
  /**
   * A group that is not the channel's own service's, that was handed nothing for this long and whose oldest entry waits for longer, is
   * dropped when it keeps a stream from being trimmed; default: 24 hours, or the channel's retention if that is longer.
   */
  readonly groupIdleMs?: number;
  /** Told of each group that was dropped: what it had not acknowledged is lost to it. */
  readonly onGroupDropped?: (dropped: DroppedGroup) => void;
  /**
   * Told when messages under way here are another consumer's now, as happens when this process was held up for longer than `claimIdleMs`.
   * Their handlers go on, and what they did is published: it may have cost money. Only the new owner acknowledges.
   */
  readonly onTakenOver?: (channel: ChannelName, count: number) => void;
}

/** The channels over Redis Streams at this URL (`redis://` or `rediss://`). */
export function redisBus(url: string, options: BusOptions = {}): ChannelBus {
  return new StreamBus(new RedisStreams(url), options);
}

/** The channels in this process's memory. */
export function memoryBus(options: BusOptions = {}): ChannelBus {
  return new StreamBus(new MemoryStreams(), options);
}

class StreamBus implements ChannelBus {
  readonly kind: 'redis' | 'memory';
  private readonly keys: ChannelKeys;
  private readonly tidier: StreamTidier;
  private readonly publisher: Publisher;
  private readonly losses: LossWatch;
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly transport: StreamTransport,
    private readonly options: BusOptions,
  ) {
    this.kind = transport.kind;
    this.keys = new ChannelKeys(options.prefix ?? '', options.partitions ?? 1);
    this.tidier = new StreamTidier(transport, options);
    this.publisher = new Publisher(transport, this.keys, this.tidier);
    this.losses = new LossWatch(() => transport.ping());
    transport.onOtherServer(() => this.losses.report('other_server'));
  }

  publish<C extends ChannelName>(message: OutgoingMessage<C>): Promise<void> {
    return this.publisher.publish([message]);
  }

  publishAll(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.publisher.publish(messages);
  }

  async publishRaw(channel: ChannelName, raw: Buffer): Promise<void> {
    await this.publisher.publishFields(channel, unpackRaw(raw));
  }

  consumeBatches<C extends ChannelName>(options: WorkOptions<C>, handler: BatchHandler<C>): Subscription {
    // what waits for its acknowledgement does not make the next batch smaller
    const concurrency = 4 * (options.batchSize ?? DEFAULT_BATCH_SIZE);
    return this.consume({ ...options, concurrency }, new BatchDispatcher(handler, options.ordered ?? false));
  }

  consumeEach<C extends ChannelName>(options: WorkOptions<C>, handler: EachHandler<C>): Subscription {
    return this.consume(options, new EachDispatcher(handler));
  }

  consumeReplies<C extends ChannelName>(options: WorkOptions<C>, replyTo: string, handler: EachHandler<C>): Subscription {
    return this.consume(options, new EachDispatcher(handler), this.keys.reply(options.channel, replyTo));
  }

  private consume<C extends ChannelName>(options: WorkOptions<C>, dispatcher: Dispatcher<C>, key = this.keys.channel(options.channel, options.partition)): Subscription {
    const { transport, publisher } = this;
    const { channel } = options;
    return this.track(new WorkConsumer({
      options, key, transport, publisher, dispatcher,
      tidy: () => this.tidier.tidy(key, channel),
      onGroupGone: () => this.losses.report('group_gone'),
      onTakenOver: (count) => this.options.onTakenOver?.(channel, count),
    }));
  }

  follow<C extends ChannelName>(channel: C, handler: (batch: readonly Message<C>[]) => void): Subscription {
    return this.track(new Follower(this.transport, { key: this.keyOf(channel), trims: false, decode: (entry) => this.decode(channel, entry), handler }));
  }

  followReplies<C extends ChannelName>(channel: C, replyTo: string, handler: (batch: readonly Message<C>[]) => void): Subscription {
    return this.track(new Follower(this.transport, { key: this.keys.reply(channel, replyTo), trims: true, decode: (entry) => this.decode(channel, entry), handler }));
  }

  /** Remembered until it is stopped. */
  private track(subscription: Subscription): Subscription {
    const tracked: Subscription = {
      ready: subscription.ready,
      stop: async (graceMs) => {
        await subscription.stop(graceMs);
        this.subscriptions.delete(tracked);
      },
    };
    this.subscriptions.add(tracked);
    return tracked;
  }

  async history<C extends ChannelName>(channel: C, afterEntryId: string): Promise<readonly Message<C>[]> {
    const entries = await this.transport.range(this.keyOf(channel), afterEntryId, 1_000);
    return entries.flatMap((entry) => this.decode(channel, entry));
  }

  private keyOf(channel: ChannelName): string {
    return channels[channel].delivery === 'broadcast' ? this.keys.broadcast(channel) : this.keys.channel(channel);
  }

  private decode<C extends ChannelName>(channel: C, entry: RawEntry): Message<C>[] {
    try {
      return [decodeEnvelope(channel, entry)];
    } catch (error) {
      this.options.onUnreadable?.(channel, entry.id, AppError.from(error));
      return [];
    }
  }

  async queueAge(channel: ChannelName): Promise<number> {
    const { group } = channels[channel];
    if (group === undefined) return 0;
    const ages = this.keys.all(channel).map((key) => this.transport.queueAge(key, group));
    return Math.max(...(await Promise.all(ages)));
  }

  async measure(channel: ChannelName): Promise<ChannelMeasure> {
    const keys = channels[channel].delivery === 'broadcast' ? [this.keys.broadcast(channel)] : this.keys.all(channel);
    return sumOfPartitions(await Promise.all(keys.map((key) => this.transport.measure(key))));
  }

  onLoss(listener: LossListener): () => void {
    return this.losses.on(listener);
  }

  ping(): Promise<void> {
    return this.transport.ping();
  }

  /** What is under way and was not stopped before is left to its redelivery. */
  async close(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop(0)));
    this.losses.close();
    await this.transport.close();
  }
}
