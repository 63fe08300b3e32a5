import { channels, type ChannelName } from '@nexus/contracts';
import { encodeEnvelope } from './envelope.js';
import type { ChannelKeys } from './keys.js';
import type { OutgoingMessage } from './message.js';
import type { Acknowledgement, NewEntry, StreamTransport } from './stream-transport.js';

interface Gathered {
  readonly entries: NewEntry[];
  /** One for each group of a stream. */
  readonly acknowledgements: (Acknowledgement & { readonly ids: string[] })[];
  readonly written: PromiseWithResolvers<void>;
}

/** More than this under way at once would make smaller batches, not a faster bus. */
const MOST_WRITES_UNDER_WAY = 2;

/**
 * Gathers what is published and acknowledged in one turn of the event loop, or while two writes are under way, and writes it in one
 * round trip: no timer, and the busier the bus, the larger the batches.
 */
export class Publisher {
  private gathered: Gathered | undefined;
  private underWay = 0;
  private isScheduled = false;

  constructor(
    private readonly transport: StreamTransport,
    private readonly keys: ChannelKeys,
  ) {}

  /** Resolves when all of it is written: first the messages, then the acknowledgement. */
  write(messages: readonly OutgoingMessage[], acknowledgement?: Acknowledgement): Promise<void> {
    if (messages.length === 0 && !acknowledgement) return Promise.resolve();
    const now = Date.now();
    const entries = messages.map((message) => this.toEntry(message, now)); // a message that cannot be encoded harms no other
    const gathered = (this.gathered ??= { entries: [], acknowledgements: [], written: Promise.withResolvers<void>() });
    for (const entry of entries) gathered.entries.push(entry);
    if (acknowledgement) addTo(gathered.acknowledgements, acknowledgement);
    this.schedule();
    return gathered.written.promise;
  }

  private schedule(): void {
    if (this.isScheduled || this.gathered === undefined || this.underWay >= MOST_WRITES_UNDER_WAY) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const { gathered } = this;
      this.gathered = undefined;
      if (gathered) void this.send(gathered);
    });
  }

  private async send({ entries, acknowledgements, written }: Gathered): Promise<void> {
    this.underWay++;
    try {
      await this.transport.write(entries, acknowledgements);
      written.resolve();
    } catch (error) {
      written.reject(error);
    } finally {
      this.underWay--;
      this.schedule();
    }
  }

  private toEntry(message: OutgoingMessage, now: number): NewEntry {
    const definition = channels[message.channel];
    const isReply = message.to !== undefined && definition.takesReplyTo;
    const key = isReply ? this.keys.reply(message.channel, message.to ?? '') : this.channelKey(message);
    return {
      key,
      fields: encodeEnvelope(message, now),
      ...(isReply && { expireMs: 2 * definition.retentionMs }),
      // nobody's group reads these keys: a single reader does, or everybody
      ...((isReply || definition.delivery === 'broadcast' || message.channel === 'requests.processed') && { trimOlderThanMs: definition.retentionMs }),
      ...(message.once && { once: { marker: this.keys.marker(key, message.id), markerMs: definition.retentionMs } }),
    };
  }

  private channelKey(message: OutgoingMessage<ChannelName>): string {
    return this.keys.channel(message.channel, this.keys.partitionOf(message.partitionKey ?? message.id));
  }
}

function addTo(acknowledgements: Gathered['acknowledgements'], { key, group, ids }: Acknowledgement): void {
  const same = acknowledgements.find((known) => known.key === key && known.group === group);
  if (same === undefined) acknowledgements.push({ key, group, ids: [...ids] });
  else for (const id of ids) same.ids.push(id);
}
