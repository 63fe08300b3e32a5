import { channels, type ChannelName } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import { encodeEnvelope, readId } from './envelope.js';
import type { ChannelKeys } from './keys.js';
import type { OutgoingMessage } from './message.js';
import type { StreamTidier } from './stream-tidier.js';
import type { Acknowledgement, NewEntry, Refusals, StreamCommand, StreamTransport } from './stream-transport.js';

interface Gathered {
  readonly commands: StreamCommand[];
  /** Where the acknowledgement of a group stands among the commands: all of a group go in one. */
  readonly acknowledged: Map<string, { readonly place: number; readonly ids: string[] }>;
  readonly written: PromiseWithResolvers<Refusals>;
}

export interface RefusedMessage {
  readonly message: OutgoingMessage;
  readonly error: AppError;
}

/** More than this under way at once would make smaller batches, not a faster bus. */
const MOST_WRITES_UNDER_WAY = 2;
/** Nobody waits for an acknowledgement, so a few of them wait this long for messages to travel with. */
const ACKNOWLEDGE_WITHIN_MS = 5;
const MANY_ACKNOWLEDGED = 64;

/**
 * Gathers what is published in one turn of the event loop, or while two writes are under way, and writes it in one round trip with what
 * is to be acknowledged: messages wait for no timer, and the busier the bus, the larger the batches. Who shares a round trip shares no
 * failure but a lost connection.
 */
export class Publisher {
  private gathered: Gathered | undefined;
  private underWay = 0;
  private isScheduled = false;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly transport: StreamTransport,
    private readonly keys: ChannelKeys,
    private readonly tidier: StreamTidier,
  ) {}

  /** Resolves when all messages are written; rejects with the first refusal. */
  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    const [first] = await this.tryPublish(messages);
    if (first) throw first.error;
  }

  /** Resolves with the messages that were refused; all others are written. */
  async tryPublish(messages: readonly OutgoingMessage[]): Promise<readonly RefusedMessage[]> {
    if (messages.length === 0) return [];
    const now = Date.now();
    const entries = messages.map((message) => this.toEntry(message, now)); // before any is gathered: one that cannot be encoded harms no other
    const { commands, written } = this.gather();
    const first = commands.length;
    for (const entry of entries) commands.push(entry);
    this.schedule();
    const refusals = await written.promise;
    return messages.flatMap((message, i) => {
      const error = refusals.get(first + i);
      if (error) return [{ message, error }];
      message.onPublished?.();
      return [];
    });
  }

  /** Resolves when the entries are acknowledged. */
  async acknowledge({ key, group, ids, owner }: Acknowledgement): Promise<void> {
    const { commands, acknowledged, written } = this.gather();
    const name = `${group} ${key} ${owner ?? ''}`;
    let together = acknowledged.get(name);
    if (!together) {
      acknowledged.set(name, (together = { place: commands.length, ids: [] }));
      commands.push({ key, group, ids: together.ids, owner });
    }
    for (const id of ids) together.ids.push(id);
    if (together.ids.length >= MANY_ACKNOWLEDGED) this.schedule();
    else this.soon ??= setTimeout(() => this.schedule(), ACKNOWLEDGE_WITHIN_MS);
    const refusal = (await written.promise).get(together.place);
    if (refusal) throw refusal;
  }

  /** Resolves when an entry with these fields is written. */
  async publishFields(channel: ChannelName, fields: readonly Buffer[]): Promise<void> {
    const { commands, written } = this.gather();
    const place = commands.push({ key: this.channelKey(channel, readId(fields) ?? ''), fields }) - 1;
    this.schedule();
    const refusal = (await written.promise).get(place);
    if (refusal) throw refusal;
  }

  private gather(): Gathered {
    return (this.gathered ??= { commands: [], acknowledged: new Map(), written: Promise.withResolvers<Refusals>() });
  }

  private schedule(): void {
    if (this.isScheduled || this.gathered === undefined || this.underWay >= MOST_WRITES_UNDER_WAY) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const { gathered } = this;
      clearTimeout(this.soon);
      this.gathered = this.soon = undefined;
      if (gathered) void this.send(gathered);
    });
  }

  private async send({ commands, written }: Gathered): Promise<void> {
    this.underWay++;
    try {
      written.resolve(await this.transport.write(commands));
    } catch (error) {
      written.reject(error);
    } finally {
      this.underWay--;
      this.schedule();
    }
  }

  private toEntry(message: OutgoingMessage, now: number): NewEntry {
    const { takesReplyTo, retentionMs, delivery, group } = channels[message.channel];
    const isReply = message.to !== undefined && takesReplyTo;
    const key = isReply ? this.keys.reply(message.channel, message.to ?? '') : this.channelKey(message.channel, message.partitionKey ?? message.id);
    // Nobody's group reads these: everybody does, or somebody outside. Other replies are trimmed by their reader alone.
    if (group === undefined && (delivery === 'work' || !isReply)) this.tidier.published(key, message.channel, isReply);
    return {
      key,
      fields: encodeEnvelope(message, now),
      expireMs: isReply ? 2 * retentionMs : undefined,
      once: message.once ? { marker: this.keys.marker(key, message.id), markerMs: retentionMs } : undefined,
    };
  }

  private channelKey(channel: ChannelName, partitionKey: string): string {
    if (channels[channel].delivery === 'broadcast') return this.keys.broadcast(channel);
    return this.keys.channel(channel, this.keys.partitionOf(partitionKey));
  }
}
