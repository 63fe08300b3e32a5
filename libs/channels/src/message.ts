import type { TraceContext } from '@nexus/core';
import type { ChannelName, MessageOf, Metadata } from '@nexus/contracts';

/** A message as a handler gets it: the payload is decoded, and what metadata says is ready to use. */
export interface Message<C extends ChannelName> {
  readonly channel: C;
  /** The publisher's id: what makes it the same message again. */
  readonly id: string;
  readonly payload: MessageOf<C>;
  readonly metadata: Metadata;
  readonly correlationId: string;
  /** When it was published, Unix milliseconds. */
  readonly timestamp: number;
  /** Empty when metadata names none. */
  readonly tenantId: string;
  /** Where the answer shall go: give it as `to` of the answer. */
  readonly replyTo: string | undefined;
  readonly trace: TraceContext | undefined;
  /** Where it stands in its stream; a place, never an identity. */
  readonly entryId: string;
  /** 1 for the first time; more when an earlier reader died or failed. */
  readonly deliveries: number;
}

/** A message to publish. */
export interface OutgoingMessage<C extends ChannelName = ChannelName> {
  readonly channel: C;
  readonly id: string;
  readonly payload: MessageOf<C>;
  /** Required where the catalog says so; becomes metadata `tenant`. */
  readonly tenantId?: string;
  readonly correlationId?: string;
  /** The reader that asked (its message's `replyTo`): the entry goes to `<channel>:<to>` instead of the channel itself. */
  readonly to?: string | undefined;
  /** On a request: where its answer shall go; becomes metadata `reply-to`. */
  readonly replyTo?: string | undefined;
  readonly trace?: TraceContext | undefined;
  /** Further metadata. */
  readonly metadata?: Metadata;
  /** What keeps its order when there is more than one partition; default: the id. */
  readonly partitionKey?: string;
  /** Added once for this id, ever (within the channel's retention): a second publish adds nothing. */
  readonly once?: boolean;
  /** Called when the channel holds it, however often it was tried. */
  readonly onPublished?: () => void;
}

/** Ties the payload's type to the channel's name. */
export function outgoing<C extends ChannelName>(message: OutgoingMessage<C>): OutgoingMessage {
  return message;
}
