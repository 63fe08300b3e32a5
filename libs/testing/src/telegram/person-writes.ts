import { AppError } from '@nexus/core';
import type { BotWorld } from './bot-methods.js';
import type { FakePerson } from './chat-record.js';
import type { FakeEntity } from './formatted-text.js';

/** What somebody writes. */
export interface PersonMessage {
  readonly chatId: number;
  readonly from: FakePerson;
  readonly text?: string;
  readonly topicId?: number;
  readonly replyTo?: number;
  readonly file?: { readonly kind: 'photo' | 'document'; readonly name: string; readonly content: Buffer };
  /** Fields of the Message object that the fake does not make itself. */
  readonly more?: object;
}

/** Keeps the message and tells the bot. Commands and mentions are marked as Telegram's clients do. */
export function personWrites(world: BotWorld, { chatId, from, text = '', topicId, replyTo, file, more }: PersonMessage): { messageId: number; updateId: number } {
  const chat = world.chats.get(chatId);
  if (text.length > 4_096) throw new AppError('fake_misused', "Telegram's clients split what is longer than 4096.");
  const stored = file && { id: `file-${world.files.size + 1}`, ...file };
  if (stored !== undefined) world.files.set(stored.id, stored);
  const message = world.chats.write(chat, { isFromBot: false, fromId: from.id, text, entities: [], topicId, replyTo, file: stored }, from);
  const marked = marks(text);
  const entities = marked.length === 0 ? {} : { [file === undefined ? 'entities' : 'caption_entities']: marked };
  const updateId = world.queue.add('message', { ...world.chats.messageObject(chat, message, world.nowSeconds()), ...entities, ...more });
  return { messageId: message.messageId, updateId };
}

function marks(text: string): (Omit<FakeEntity, 'type'> & { type: string })[] {
  const found: (Omit<FakeEntity, 'type'> & { type: string })[] = [];
  for (const { index, 0: word } of text.matchAll(/(?<!\S)\/[a-z0-9_]{1,32}(@\w+)?/gi)) found.push({ type: 'bot_command', offset: index, length: word.length });
  for (const { index, 0: word } of text.matchAll(/(?<![\w/])@\w{3,32}/g)) if (!isIn(found, index)) found.push({ type: 'mention', offset: index, length: word.length });
  return found.toSorted((a, b) => a.offset - b.offset);
}

const isIn = (entities: readonly { offset: number; length: number }[], at: number): boolean => entities.some(({ offset, length }) => at >= offset && at < offset + length);
