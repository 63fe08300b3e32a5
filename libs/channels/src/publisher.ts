import { channels, type ChannelName } from '@nexus/contracts';
import { encodeEnvelope } from './envelope.js';
import type { ChannelKeys } from './keys.js';
import type { OutgoingMessage } from './message.js';
import type { Acknowledgement, NewEntry, StreamTransport } from './stream-transport.js';

interface Tick {
  readonly entries: NewEntry[];
  readonly acknowledgements: Acknowledgement[];
  readonly written: Promise<void>;
}

/** Gathers what one turn of the event loop publishes and acknowledges, and writes it in one round trip. */
export class Publisher {
  private tick: Tick | undefined;

  constructor(
    private readonly transport: StreamTransport,
    private readonly keys: ChannelKeys,
  ) {}

  /** Resolves when all of it is written: first the messages, then the acknowledgement. */
  write(messages: readonly OutgoingMessage[], acknowledgement?: Acknowledgement): Promise<void> {
    if (messages.length === 0 && !acknowledgement) return Promise.resolve();
    const now = Date.now();
    const entries = messages.map((message) => this.toEntry(message, now)); // a message that cannot be encoded harms no other
    const tick = (this.tick ??= this.openTick());
    for (const entry of entries) tick.entries.push(entry);
    if (acknowledgement) tick.acknowledgements.push(acknowledgement);
    return tick.written;
  }

  private openTick(): Tick {
    const entries: NewEntry[] = [];
    const acknowledgements: Acknowledgement[] = [];
    const written = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.tick = undefined;
        this.transport.write(entries, acknowledgements).then(resolve, reject);
      });
    });
    return { entries, acknowledgements, written };
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
