import type { AppError } from '@nexus/core';
import { channels, type ChannelName } from '@nexus/contracts';
import type { BatchHandler, ChannelBus, EachHandler, Subscription, WorkOptions } from './channel-bus.js';
import { BatchDispatcher, EachDispatcher } from './dispatchers.js';
import { decodeEnvelope } from './envelope.js';
import { Follower } from './follower.js';
import { ChannelKeys } from './keys.js';
import { MemoryStreams } from './memory/memory-streams.js';
import type { Message, OutgoingMessage } from './message.js';
import { Publisher } from './publisher.js';
import { RedisStreams } from './redis/redis-streams.js';
import type { StreamTransport } from './stream-transport.js';
import { WorkConsumer, type Dispatcher } from './work-consumer.js';

export interface BusOptions {
  /** Put before every key; empty by default. */
  readonly prefix?: string;
  /** Partitions of each work channel; default 1. */
  readonly partitions?: number;
  /** Told of broadcast and reply entries that cannot be read; they are skipped. */
  readonly onUnreadable?: (channel: ChannelName, entryId: string, error: AppError) => void;
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
  private readonly publisher: Publisher;
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly transport: StreamTransport,
    private readonly options: BusOptions,
  ) {
    this.kind = transport.kind;
    this.keys = new ChannelKeys(options.prefix ?? '', options.partitions ?? 1);
    this.publisher = new Publisher(transport, this.keys);
  }

  publish<C extends ChannelName>(message: OutgoingMessage<C>): Promise<void> {
    return this.publisher.write([message]);
  }

  publishAll(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.publisher.write(messages);
  }

  consumeBatches<C extends ChannelName>(options: WorkOptions<C>, handler: BatchHandler<C>): Subscription {
    return this.consume(options, new BatchDispatcher(handler));
  }

  consumeEach<C extends ChannelName>(options: WorkOptions<C>, handler: EachHandler<C>): Subscription {
    return this.consume(options, new EachDispatcher(handler));
  }

  private consume<C extends ChannelName>(options: WorkOptions<C>, dispatcher: Dispatcher<C>): Subscription {
    const key = this.keys.channel(options.channel, options.partition);
    return this.track(new WorkConsumer(options, key, this.transport, this.publisher, dispatcher, channels[options.channel].retentionMs));
  }

  follow<C extends ChannelName>(channel: C, handler: (batch: readonly Message<C>[]) => void): Subscription {
    return this.followKey(channel, this.keys.channel(channel), false, handler);
  }

  followReplies<C extends ChannelName>(channel: C, replyTo: string, handler: (batch: readonly Message<C>[]) => void): Subscription {
    return this.followKey(channel, this.keys.reply(channel, replyTo), true, handler);
  }

  private followKey<C extends ChannelName>(channel: C, key: string, trims: boolean, handler: (batch: readonly Message<C>[]) => void): Subscription {
    return this.track(new Follower(this.transport, { channel, key, trims, handler, onUnreadable: this.options.onUnreadable ?? (() => undefined) }));
  }

  private track(subscription: Subscription): Subscription {
    this.subscriptions.add(subscription);
    return subscription;
  }

  async history<C extends ChannelName>(channel: C, afterEntryId: string): Promise<readonly Message<C>[]> {
    const entries = await this.transport.range(this.keys.channel(channel), afterEntryId, 1_000);
    return entries.map((entry) => decodeEnvelope(channel, entry));
  }

  ping(): Promise<void> {
    return this.transport.ping();
  }

  /** What is under way and was not stopped before is left to its redelivery. */
  async close(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop(0)));
    await this.transport.close();
  }
}
