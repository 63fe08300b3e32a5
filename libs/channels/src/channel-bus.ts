import type { ChannelName } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import type { ChannelMeasure } from './channel-measure.js';
import type { DeadLetter } from './dead-letter.js';
import type { LossListener } from './loss-watch.js';
import type { Message, OutgoingMessage } from './message.js';

/** What came of one message: what to publish before it is acknowledged. */
export type Outcome = readonly OutgoingMessage[];

/**
 * Handles a batch as one: everything is committed when the promise resolves; what it returns is published, then the batch is
 * acknowledged. When it rejects, the batch is halved until what fails is alone, so that it cannot hold up its neighbours; meanwhile the
 * handler is called for other batches too, unless the consumer is `ordered`.
 */
export type BatchHandler<C extends ChannelName> = (batch: readonly Message<C>[]) => Promise<Outcome>;

/**
 * Handles one message while others are handled too: for calls to the outside, which take long. The signal aborts when the consumer
 * stops (see `abortAfter`): a handler that rejects then leaves its message to the next consumer. A handler whose message another consumer took
 * over meanwhile (see `onTakenOver` of BusOptions) is not told: what it has begun may cost money, and is settled.
 */
export type EachHandler<C extends ChannelName> = (message: Message<C>, signal: AbortSignal) => Promise<Outcome>;

export interface WorkOptions<C extends ChannelName> {
  readonly channel: C;
  readonly group: string;
  /** Stable over restarts of the same replica, different between replicas. */
  readonly consumer: string;
  /** Which partition; default 0. */
  readonly partition?: number;
  /** Most entries a batch; default 256. */
  readonly batchSize?: number;
  /** With `each`: most messages under way; default 256. */
  readonly concurrency?: number;
  /** Waits this long after a read to fill the batch, so that more messages stand in one commit; default 0 ms. */
  readonly lingerMs?: number;
  /**
   * The handler gets the entries in the order of the stream, also when a reader that was given up for dead takes some: all readers then
   * go by one consumer name, and what another of that name took is handed over before anything that stands behind it. One question to
   * Redis a batch. What is taken over waits for its turn among the batches.
   */
  readonly ordered?: boolean;
  /** An entry that its reader left alone this long may be taken over; default 30,000 ms. */
  readonly claimIdleMs?: number;
  /** This many deliveries that failed, or that their readers died over, make a dead letter; at once when the error says that a retry is useless. Default 5. */
  readonly maxDeliveries?: number;
  /** With `each`: when the consumer stops, the share of the grace period (0 to 1) after which handlers are told by their signal; default 0: at once. */
  readonly abortAfter?: number;
  /** Stores what could not be handled; the entry is acknowledged after. May return replies to publish. */
  readonly onDeadLetter: (letter: DeadLetter<C>) => Promise<Outcome>;
  /** Told each time an outcome cannot be published, or an acknowledgement not written: it is tried again until it can. */
  readonly onHeldUp?: (error: AppError) => void;
}

export interface Subscription {
  /** Resolves when it reads: what is published from then on is seen. */
  readonly ready: Promise<void>;
  /** Stops reading, lets what is under way finish (at most `graceMs`), acknowledges it. Idempotent. */
  stop(graceMs?: number): Promise<void>;
}

/** The typed channels. Redis Streams, or the in-memory twin that behaves alike within one process. */
export interface ChannelBus {
  readonly kind: 'redis' | 'memory';
  /** Resolves when the channel holds the message. Publishes of one tick travel together. */
  publish<C extends ChannelName>(message: OutgoingMessage<C>): Promise<void>;
  publishAll(messages: readonly OutgoingMessage[]): Promise<void>;
  /**
   * Publishes an entry again, of which only the bytes are left (a dead letter's `raw`): as it was, under a new entry id, in the partition
   * of its message id. Rejects with an AppError `malformed_raw` when they are no entry.
   */
  publishRaw(channel: ChannelName, raw: Buffer): Promise<void>;
  consumeBatches<C extends ChannelName>(options: WorkOptions<C>, handler: BatchHandler<C>): Subscription;
  consumeEach<C extends ChannelName>(options: WorkOptions<C>, handler: EachHandler<C>): Subscription;
  /** Reads a broadcast channel from now on. A message that cannot be read is skipped and reported. */
  follow<C extends ChannelName>(channel: C, handler: (batch: readonly Message<C>[]) => void): Subscription;
  /** Reads `<channel>:<replyTo>`, which is this reader's own, from now on; what was read is trimmed. */
  followReplies<C extends ChannelName>(channel: C, replyTo: string, handler: (batch: readonly Message<C>[]) => void): Subscription;
  /**
   * Reads `<channel>:<replyTo>` with a consumer group, as consumeEach() reads a channel: for one who must not miss what came while it was
   * away. The first time it gets what the key still holds.
   */
  consumeReplies<C extends ChannelName>(options: WorkOptions<C>, replyTo: string, handler: EachHandler<C>): Subscription;
  /** What a channel still holds after this entry id (exclusive; `0` is all), oldest first; at most 1,000. What cannot be read is skipped and reported. */
  history<C extends ChannelName>(channel: C, afterEntryId: string): Promise<readonly Message<C>[]>;
  /**
   * How long the oldest entry waits that the channel's service has not been handed yet, in milliseconds by the clock of Redis; 0 when none
   * waits. With several partitions the longest of them. Cheap enough for ten times a second.
   */
  queueAge(channel: ChannelName): Promise<number>;
  /** What the channel holds and how far each of its groups is: for those who watch, every few seconds. Not of reply-tos. */
  measure(channel: ChannelName): Promise<ChannelMeasure>;
  /**
   * Tells when messages may have been lost on the bus: see `Loss`. Once for what happens together, and when Redis answers again. Losses
   * are seen by consumers and by connections that come back: a bus that does nothing notices nothing. Gives back what ends it.
   */
  onLoss(listener: LossListener): () => void;
  /** Resolves when the bus answers; rejects with an AppError otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
