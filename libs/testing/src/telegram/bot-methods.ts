import { z } from 'zod';
import { badRequest } from './bot-api-error.js';
import type { CallBody } from './call-body.js';
import type { ChatRecord, FakeMessage } from './chat-record.js';
import type { Chats } from './chats.js';
import { acceptText, entitySchema, type FakeText } from './formatted-text.js';
import { keepFile, type StoredFiles } from './stored-files.js';
import type { UpdateQueue } from './update-queue.js';
import type { WebhookDelivery } from './webhook-delivery.js';

/** What the methods work on. */
export interface BotWorld {
  readonly bot: { readonly id: number; readonly name: string; readonly username: string };
  readonly chats: Chats;
  readonly queue: UpdateQueue;
  readonly webhook: WebhookDelivery;
  readonly files: StoredFiles;
  readonly commands: { command: string; description: string }[];
  /** What Telegram would have dropped of a text without a word. */
  readonly repairs: string[];
  readonly nowSeconds: () => number;
}

type Method = (world: BotWorld, body: CallBody, signal: AbortSignal) => unknown;

const MOST_TEXT = 4_096;
const MOST_CAPTION = 1_024;
const MOST_DOWNLOAD = 20 * 1_024 * 1_024;

const chatId = z.coerce.number().int();
const entities = z.array(entitySchema).default([]);
const reply = z.looseObject({ message_id: z.int(), allow_sending_without_reply: z.boolean().default(false) }).optional();
const post = z.looseObject({ chat_id: chatId, message_thread_id: z.int().optional(), reply_parameters: reply });
const place = z.looseObject({ chat_id: chatId, message_id: z.coerce.number().int() });

const read = <T>(schema: z.ZodType<T>, body: CallBody): T => {
  const parsed = schema.safeParse(body.fields);
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
  return parsed.data;
};

const noMarkup = z.object({ parse_mode: z.undefined('this fake knows entities only').optional() });

function put(world: BotWorld, fields: z.infer<typeof post>, { text, entities: styled, repairs }: FakeText, file?: FakeMessage['file']): object {
  const chat = world.chats.open(fields.chat_id);
  const thread = fields.message_thread_id;
  // General has no thread id: Telegram refuses its number.
  if (thread !== undefined && (thread === 1 || chat.topics?.has(thread) !== true)) throw badRequest('message thread not found');
  const replied = fields.reply_parameters;
  if (replied !== undefined && !chat.messages.has(replied.message_id) && !replied.allow_sending_without_reply) throw badRequest('message to be replied not found');
  world.repairs.push(...repairs);
  const replyTo = replied !== undefined && chat.messages.has(replied.message_id) ? replied.message_id : undefined;
  const message = world.chats.write(chat, { isFromBot: true, fromId: world.bot.id, text, entities: styled, topicId: thread, replyTo, file });
  return world.chats.messageObject(chat, message, world.nowSeconds());
}

function change(world: BotWorld, fields: z.infer<typeof place>, edit: (message: FakeMessage) => { readonly to: FakeText; readonly file?: FakeMessage['file'] }): object {
  const chat = world.chats.open(fields.chat_id);
  const message = own(world, chat, fields.message_id, 'edit');
  const { to, file } = edit(message);
  const { repairs } = to;
  const changed: FakeMessage = { ...message, text: to.text, entities: to.entities, file, edits: message.edits + 1 };
  const isSame = message.text === changed.text && JSON.stringify(message.entities) === JSON.stringify(changed.entities) && message.file === file;
  if (isSame) throw badRequest('message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message');
  world.repairs.push(...repairs);
  chat.messages.set(message.messageId, changed);
  return world.chats.messageObject(chat, changed, world.nowSeconds());
}

function own(world: BotWorld, chat: ChatRecord, messageId: number, verb: 'edit' | 'delete'): FakeMessage {
  const message = chat.messages.get(messageId);
  if (message === undefined) throw badRequest(`message to ${verb} not found`);
  if (!message.isFromBot) throw badRequest(verb === 'edit' ? "message can't be edited" : "message can't be deleted");
  return message;
}

const textFields = z.looseObject({ ...noMarkup.shape, text: z.string().default(''), entities });
const captionFields = z.looseObject({ ...noMarkup.shape, caption: z.string().default(''), caption_entities: entities });
const textOf = (body: CallBody): FakeText => {
  const { text, entities: styled } = read(textFields, body);
  return acceptText(text, styled, MOST_TEXT, 'text');
};
const captionOf = (fields: unknown): FakeText => {
  const parsed = captionFields.safeParse(fields);
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
  return acceptText(parsed.data.caption, parsed.data.caption_entities, MOST_CAPTION, 'caption');
};

const mediaFields = z.looseObject({ media: z.looseObject({ type: z.enum(['photo', 'document']), media: z.string() }) });

/** The methods of the Bot API that this fake knows; each throws BotApiError with Telegram's words. */
export const botMethods: Readonly<Record<string, Method>> = {
  getMe: ({ bot }) => ({ id: bot.id, is_bot: true, first_name: bot.name, username: bot.username, can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false }),
  getUpdates: (world, body, signal) => {
    const { offset, limit, timeout } = read(z.looseObject({ offset: z.int().default(0), limit: z.int().min(1).max(100).default(100), timeout: z.number().default(0) }), body);
    if (world.webhook.url !== '') throw badRequest("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
    return world.queue.take(offset, limit, timeout * 1_000, signal);
  },
  setWebhook: ({ webhook, queue }, body) => {
    const fields = read(z.looseObject({ url: z.string(), secret_token: z.string().regex(/^[\w-]{1,256}$/).optional(), drop_pending_updates: z.boolean().default(false) }), body);
    if (fields.url !== '' && !fields.url.startsWith('http')) throw badRequest('bad webhook: HTTPS url must be provided for webhook');
    if (fields.drop_pending_updates) queue.clear();
    queue.interrupt();
    webhook.set(fields.url, fields.secret_token ?? '');
    return true;
  },
  deleteWebhook: ({ webhook, queue }, body) => {
    if (read(z.looseObject({ drop_pending_updates: z.boolean().default(false) }), body).drop_pending_updates) queue.clear();
    webhook.set('', '');
    return true;
  },
  getWebhookInfo: ({ webhook, queue }) => ({ url: webhook.url, has_custom_certificate: false, pending_update_count: queue.size }),
  setMyCommands: ({ commands }, body) => {
    const fields = read(z.looseObject({ commands: z.array(z.object({ command: z.string().regex(/^[a-z0-9_]{1,32}$/), description: z.string().min(1).max(256) })).max(100) }), body);
    commands.splice(0, commands.length, ...fields.commands);
    return true;
  },
  getChat: ({ chats }, body) => chats.chatObject(chats.open(read(z.looseObject({ chat_id: chatId }), body).chat_id)),
  getChatMemberCount: ({ chats }, body) => (chats.open(read(z.looseObject({ chat_id: chatId }), body).chat_id).type === 'private' ? 2 : 3),
  sendChatAction: (world, body) => {
    const fields = read(z.looseObject({ chat_id: chatId, action: z.enum(['typing', 'upload_photo', 'upload_document']) }), body);
    world.chats.open(fields.chat_id);
    return true;
  },
  sendMessage: (world, body) => put(world, read(post, body), textOf(body)),
  sendPhoto: (world, body) => put(world, read(post, body), captionOf(body.fields), keepFile(world.files, body, 'photo', body.fields['photo'])),
  sendDocument: (world, body) => put(world, read(post, body), captionOf(body.fields), keepFile(world.files, body, 'document', body.fields['document'])),
  editMessageText: (world, body) =>
    change(world, read(place, body), (message) => {
      if (message.file !== undefined) throw badRequest('there is no text in the message to edit');
      return { to: textOf(body) };
    }),
  editMessageCaption: (world, body) =>
    change(world, read(place, body), (message) => {
      if (message.file === undefined) throw badRequest('there is no caption in the message to edit');
      return { to: captionOf(body.fields), file: message.file };
    }),
  editMessageMedia: (world, body) => {
    const { media } = read(mediaFields, body);
    return change(world, read(place, body), (message) => {
      const file = keepFile(world.files, body, media.type, media.media);
      const isSameFile = message.file !== undefined && message.file.kind === file.kind && message.file.name === file.name && message.file.content.equals(file.content);
      return { to: captionOf(media), file: isSameFile ? message.file : file };
    });
  },
  deleteMessage: (world, body) => {
    const fields = read(place, body);
    const chat = world.chats.open(fields.chat_id);
    world.chats.remove(chat, own(world, chat, fields.message_id, 'delete').messageId);
    return true;
  },
  getFile: ({ files }, body) => {
    const { file_id: id } = read(z.looseObject({ file_id: z.string() }), body);
    const file = files.get(id.replace(/-small$/, ''));
    if (file === undefined) throw badRequest('wrong file_id or the file is temporarily unavailable');
    if (file.content.length > MOST_DOWNLOAD) throw badRequest('file is too big');
    return { file_id: id, file_unique_id: id, file_size: file.content.length, file_path: `documents/${file.id}` };
  },
};
