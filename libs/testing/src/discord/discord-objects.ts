export interface DiscordUser {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly bot: boolean;
}

/** Types: 0 text, 1 direct messages, 11 public thread. */
export interface DiscordChannel {
  readonly id: string;
  readonly type: 0 | 1 | 11;
  readonly name: string;
  readonly guildId: string | undefined;
  readonly parentId: string | undefined;
  readonly ownerId: string | undefined;
  readonly recipient: DiscordUser | undefined;
  /** Nobody may write here any more. */
  isLocked: boolean;
}

export interface DiscordAttachment {
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** A message as it stands now. */
export interface DiscordMessage {
  readonly id: string;
  readonly channelId: string;
  readonly author: DiscordUser;
  readonly content: string;
  readonly attachments: readonly DiscordAttachment[];
  readonly nonce: string | undefined;
  readonly replyTo: string | undefined;
  /** Of the person who is told by it. */
  readonly pings: readonly string[];
  readonly pingsEveryone: boolean;
  /** The command that it answers. */
  readonly interactionId: string | undefined;
  /** Shown to one person only. */
  readonly isEphemeral: boolean;
  /** Shown as "thinking". */
  readonly isLoading: boolean;
  readonly createdAt: string;
  readonly editedAt: string | null;
  /** Everything it ever said, the present content last. */
  readonly contents: readonly string[];
}

/** What the gateway tells. */
export interface DiscordEvent {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Bits of which an intent must hold one; 0 is for everybody. */
  readonly intents: number;
}

export const INTENTS = { guilds: 1, guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 } as const;

export const FLAGS = { ephemeral: 1 << 6, loading: 1 << 7 } as const;

export function channelJson(channel: DiscordChannel, lastMessageId: string | undefined): Record<string, unknown> {
  const { id, type, name, guildId, parentId, ownerId, recipient } = channel;
  return {
    id,
    type,
    last_message_id: lastMessageId ?? null,
    flags: 0,
    ...(recipient === undefined ? { name } : { recipients: [recipient] }),
    ...(guildId !== undefined && { guild_id: guildId, permission_overwrites: [], position: 0, nsfw: false }),
    ...(parentId !== undefined && { parent_id: parentId }),
    ...(type === 11 && { owner_id: ownerId, thread_metadata: { archived: channel.isLocked, locked: channel.isLocked, auto_archive_duration: 1440, archive_timestamp: new Date().toISOString() } }),
  };
}
