import type { FakeEntity } from './formatted-text.js';

/** Who writes. */
export interface FakePerson {
  readonly id: number;
  readonly name: string;
  readonly isBot?: boolean;
}

export type FakeChatType = 'private' | 'group' | 'supergroup';

/** A chat as it is made. */
export interface FakeChatOptions {
  /** Positive for private chats, negative for groups, as Telegram's are. */
  readonly id: number;
  readonly type: FakeChatType;
  readonly title?: string;
  /** Threads of a forum; topic 1, General, is always there. */
  readonly topics?: readonly number[];
}

/** A message that stands in a chat. */
export interface FakeMessage {
  readonly messageId: number;
  readonly isFromBot: boolean;
  readonly fromId: number;
  /** '' for a file without a caption. */
  readonly text: string;
  readonly entities: readonly FakeEntity[];
  /** Undefined outside of topics, and in General. */
  readonly topicId?: number;
  readonly replyTo?: number;
  readonly file?: { readonly id: string; readonly kind: 'photo' | 'document'; readonly name: string; readonly content: Buffer };
  /** How often it was changed. */
  readonly edits: number;
}

/** A chat and what stands in it. */
export interface ChatRecord {
  readonly id: number;
  readonly type: FakeChatType;
  readonly title: string;
  readonly topics: ReadonlySet<number> | undefined;
  /** By id, in the order in which they were written. */
  readonly messages: Map<number, FakeMessage>;
  /** The supergroup that it became. */
  migratedTo?: number;
  /** The person blocked the bot, or the group threw it out. */
  isClosed: boolean;
  /** Until then every call for this chat is refused with 429: performance.now(). */
  floodedUntil: number;
}
