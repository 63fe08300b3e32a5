import type { ChannelName } from '@nexus/contracts';
import type { Message } from './message.js';

/** An entry that could not be handled. */
export interface DeadLetter<C extends ChannelName = ChannelName> {
  readonly channel: C;
  readonly group: string;
  readonly entryId: string;
  /** The publisher's id, where the entry has one; also of an entry that could not be decoded. */
  readonly messageId: string | undefined;
  /** The entry as it was: `decodeRaw` reads it, `ChannelBus.publishRaw` publishes it again. */
  readonly raw: Buffer;
  readonly reasonCode: string;
  /** Safe to show. */
  readonly reason: string;
  readonly deliveries: number;
  /** Set when it could be decoded. */
  readonly message: Message<C> | undefined;
}
