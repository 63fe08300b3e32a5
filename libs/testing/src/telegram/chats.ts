import { BotApiError, badRequest } from './bot-api-error.js';
import type { ChatRecord, FakeChatOptions, FakeMessage, FakePerson } from './chat-record.js';

const ANNOUNCED_BY = { id: 777_000, is_bot: false, first_name: 'Telegram' };

/** All chats, and the ids of their messages: supergroups count for themselves, the others together, as Telegram does. */
export class Chats {
  private readonly byId = new Map<number, ChatRecord>();
  private readonly people = new Map<number, FakePerson>();
  private readonly removed = new Map<number, number>();
  private sharedCount = 100;

  constructor(private readonly bot: { readonly id: number; readonly name: string; readonly username: string }) {}

  add({ id, type, title = `Chat ${id}`, topics }: FakeChatOptions): ChatRecord {
    const chat: ChatRecord = { id, type, title, topics: topics && new Set([1, ...topics]), messages: new Map(), isClosed: false, floodedUntil: 0 };
    this.byId.set(id, chat);
    return chat;
  }

  get(id: number): ChatRecord {
    const chat = this.byId.get(id);
    if (chat === undefined) throw badRequest('chat not found');
    return chat;
  }

  /** A chat that the bot may act in: throws what Telegram says of one that moved, is shut, or is asked too much. */
  open(id: number): ChatRecord {
    const chat = this.get(id);
    if (chat.migratedTo !== undefined) throw new BotApiError(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: chat.migratedTo });
    if (chat.isClosed) throw new BotApiError(403, chat.type === 'private' ? 'Forbidden: bot was blocked by the user' : `Forbidden: bot was kicked from the ${chat.type} chat`);
    return chat;
  }

  /** Keeps a new message and gives it its id. */
  write(chat: ChatRecord, message: Omit<FakeMessage, 'messageId' | 'edits'>, writer?: FakePerson): FakeMessage {
    if (writer !== undefined) this.people.set(writer.id, writer);
    const messageId = chat.type === 'supergroup' ? Math.max(0, ...chat.messages.keys()) + 1 + this.deletedIn(chat) : ++this.sharedCount;
    const written: FakeMessage = { ...message, messageId, edits: 0 };
    chat.messages.set(messageId, written);
    return written;
  }

  remove(chat: ChatRecord, messageId: number): void {
    chat.messages.delete(messageId);
    this.removed.set(chat.id, Math.max(this.removed.get(chat.id) ?? 0, messageId));
  }

  /** Telegram's Chat object. */
  chatObject(chat: ChatRecord): object {
    if (chat.type === 'private') return { id: chat.id, type: 'private', first_name: this.people.get(chat.id)?.name ?? chat.title };
    return { id: chat.id, type: chat.type, title: chat.title, ...(chat.topics !== undefined && { is_forum: true }) };
  }

  /** Telegram's Message object, with the message that it answers. */
  messageObject(chat: ChatRecord, message: FakeMessage, now: number): Record<string, unknown> {
    const replied = message.replyTo === undefined ? undefined : chat.messages.get(message.replyTo);
    const { file, topicId } = message;
    const styled = message.entities.length > 0 ? message.entities : undefined;
    return {
      message_id: message.messageId,
      date: now,
      chat: this.chatObject(chat),
      from: this.userObject(message.fromId),
      ...(topicId !== undefined && { message_thread_id: topicId, is_topic_message: true }),
      // In a topic whatever answers nothing answers the announcement of the topic.
      ...(replied === undefined && topicId !== undefined && { reply_to_message: { message_id: topicId, date: now, chat: this.chatObject(chat), from: ANNOUNCED_BY, message_thread_id: topicId, is_topic_message: true, forum_topic_created: { name: `Topic ${topicId}`, icon_color: 0 } } }),
      ...(replied !== undefined && { reply_to_message: { ...this.messageObject(chat, { ...replied, replyTo: undefined }, now), reply_to_message: undefined } }),
      ...(file === undefined ? { text: message.text, entities: styled } : { caption: message.text || undefined, caption_entities: styled }),
      ...(file?.kind === 'photo' && { photo: [{ file_id: `${file.id}-small`, file_unique_id: 's', width: 90, height: 90, file_size: 10 }, { file_id: file.id, file_unique_id: 'l', width: 900, height: 900, file_size: file.content.length }] }),
      ...(file?.kind === 'document' && { document: { file_id: file.id, file_unique_id: 'd', file_name: file.name, file_size: file.content.length } }),
    };
  }

  userObject(id: number): object {
    if (id === this.bot.id) return { id, is_bot: true, first_name: this.bot.name, username: this.bot.username };
    const person = this.people.get(id);
    return { id, is_bot: person?.isBot ?? false, first_name: person?.name ?? 'Somebody', language_code: 'en' };
  }

  /** Ids are never given again: how far the last removed one lies beyond those that are left. */
  private deletedIn(chat: ChatRecord): number {
    return Math.max(0, (this.removed.get(chat.id) ?? 0) - Math.max(0, ...chat.messages.keys()));
  }
}
