import type { IncomingFile, Place, SurfaceMessage } from '@nexus/adapter-kit';
import { AppError } from '@nexus/core';
import { textOf, type BotIdentity } from './message-text.js';
import { nameOf, type DiscordMessage } from './wire.js';

/** Types of messages that people write: ordinary ones and replies. */
const WRITTEN_BY_PEOPLE = [0, 19];

/** True for what a person wrote; bots, webhooks and Discord's own notices are not heard. */
export function isOfPerson(message: DiscordMessage): boolean {
  return !message.author.bot && message.webhook_id === undefined && WRITTEN_BY_PEOPLE.includes(message.type);
}

/** True when the message turns to the bot: it mentions the bot or its role, or it replies to it. */
export function turnsTo(message: DiscordMessage, { userId, roleId }: BotIdentity): boolean {
  if (message.mentions.some(({ id }) => id === userId)) return true;
  if (roleId !== undefined && message.mention_roles.includes(roleId)) return true;
  return message.referenced_message?.author.id === userId;
}

export interface Reading {
  readonly place: Place;
  readonly bot: BotIdentity;
  readonly locale: string | undefined;
  /** The message was changed after it was written; undefined when that is not what is told. */
  readonly isEdit: boolean;
  readonly maxFileBytes: number;
}

/** A message of Discord in NEXUS's terms. A changed message has an id of its own each time it changes. */
export function surfaceMessage(message: DiscordMessage, { place, bot, locale, isEdit, maxFileBytes }: Reading): SurfaceMessage {
  const replied = message.message_reference?.message_id;
  return {
    id: isEdit ? `${message.id}.${Date.parse(message.edited_timestamp ?? '')}` : message.id,
    place,
    isGroup: message.guild_id !== undefined,
    sender: { id: message.author.id, name: nameOf(message.author, message.member?.nick) },
    text: textOf(message, bot),
    files: message.attachments.map((attachment) => incomingFile(attachment, maxFileBytes)),
    ...(replied !== undefined && { replyToMessageId: replied }),
    ...(isEdit && { editsMessageId: message.id }),
    ...(locale !== undefined && { locale }),
  };
}

/** Discord's own id of a message, from one that `surfaceMessage` made. */
export const originalId = (messageId: string): string => messageId.split('.', 1)[0] ?? messageId;

function incomingFile({ filename, content_type, size, url }: DiscordMessage['attachments'][number], maxBytes: number): IncomingFile {
  return {
    name: filename,
    mediaType: content_type ?? '',
    bytes: size,
    content: async () => {
      if (size > maxBytes) throw new AppError('file_too_large', `The file has ${size} bytes; ${maxBytes} are the most.`, { status: 413 });
      return load(url);
    },
  };
}

/** The address is signed and good for a day. */
async function load(url: string): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    if (response.status === 404 || response.status === 403) throw new AppError('surface_gone', 'Discord does not have the file any more.', { status: 410 });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('surface_unavailable', 'The file cannot be fetched from Discord. Retry in a moment.', { status: 503, isRetryable: true, cause: error });
  }
}
