import type { SurfaceMessage } from '@nexus/adapter-kit';
import type { Message, Update } from 'grammy/types';
import { addressedText } from './addressed-text.js';
import { filesOf, type FileReference } from './files-of.js';

/** Who the bot is. */
export interface Me {
  readonly id: number;
  readonly username: string;
}

/** Which messages of groups are for the bot: those that name it, answer it or are a command; or all that it gets. */
export type GroupAttention = 'addressed' | 'all';

/** A message of a person, its files not fetched yet. */
export type HeardMessage = Omit<SurfaceMessage, 'files'> & { readonly files: readonly FileReference[] };

/** Telegram's own account, in whose name administrators write anonymously. */
const ANONYMOUS_ADMINISTRATOR = 1_087_968_824;

/** What a person says with an update; undefined when it says nothing to the bot. */
export function hearMessage(update: Update, me: Me, attention: GroupAttention): HeardMessage | undefined {
  const message = update.message ?? update.edited_message;
  if (message === undefined) return undefined;
  const sender = senderOf(message);
  const isGroup = message.chat.type !== 'private';
  const text = sender === undefined ? undefined : addressedText(message, me, isGroup && attention === 'addressed');
  if (sender === undefined || text === undefined) return undefined;
  const files = filesOf(message);
  if (text === '' && files.length === 0) return undefined;
  const replied = repliedTo(message);
  const isEdit = update.message === undefined;
  return {
    // An edit is a message of its own: what it replaces was asked already.
    id: isEdit ? `${message.message_id}.${update.update_id}` : String(message.message_id),
    place: { chatId: String(message.chat.id), topicId: topicOf(message) },
    isGroup,
    sender,
    text,
    files: isEdit ? [] : files,
    ...(replied !== undefined && { replyToMessageId: String(replied) }),
    ...(isEdit && { editsMessageId: String(message.message_id) }),
    ...(message.from?.language_code !== undefined && { locale: message.from.language_code }),
  };
}

/** General, and chats without topics, are ''. */
function topicOf(message: Message): string {
  return message.is_topic_message === true && message.message_thread_id !== undefined ? String(message.message_thread_id) : '';
}

/** Nobody for what bots and channels say. An anonymous administrator speaks as the group. */
function senderOf({ from, sender_chat: chat, is_automatic_forward: isForward }: Message): SurfaceMessage['sender'] | undefined {
  if (isForward === true) return undefined;
  if (chat !== undefined) return from?.id === ANONYMOUS_ADMINISTRATOR || chat.type === 'channel' ? { id: String(chat.id), name: 'title' in chat ? (chat.title ?? '') : '' } : undefined;
  if (from === undefined || from.is_bot) return undefined;
  return { id: String(from.id), name: [from.first_name, from.last_name].filter((part) => part !== undefined && part !== '').join(' ') };
}

/** In a topic every message that answers nothing answers the announcement of the topic: that is no answer. */
function repliedTo({ reply_to_message: replied }: Message): number | undefined {
  return replied === undefined || replied.forum_topic_created !== undefined ? undefined : replied.message_id;
}
