import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { listen } from '../listen.js';
import { sendJson } from '../fake-reply.js';
import { BotApiError } from './bot-api-error.js';
import { botMethods, type BotWorld } from './bot-methods.js';
import { readCallBody } from './call-body.js';
import type { FakeChatOptions, FakeMessage, FakePerson } from './chat-record.js';
import { Chats } from './chats.js';
import { Disturbances, type TelegramDisturbance } from './disturbances.js';
import { personWrites, type PersonMessage } from './person-writes.js';
import { UpdateQueue } from './update-queue.js';
import { WebhookDelivery } from './webhook-delivery.js';

/** A call that the bot made. */
export interface FakeCall {
  readonly method: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** 200, Telegram's code of a refusal, or 0 for a connection that was broken. */
  readonly status: number;
  /** performance.now() when it came. */
  readonly at: number;
}

/** Telegram's Bot API with chats, people and a memory: what stands in a chat at the end is what people would see. */
export interface FakeTelegram {
  /** The API root. */
  readonly url: string;
  readonly token: string;
  readonly bot: BotWorld['bot'];
  addChat(chat: FakeChatOptions): void;
  /** Somebody writes; the bot gets an update where Telegram would give it one. */
  write(message: PersonMessage): { readonly messageId: number; readonly updateId: number };
  /** Somebody changes what they wrote. */
  change(chatId: number, messageId: number, text: string): number;
  /** The same update once more. */
  deliverAgain(updateId: number): void;
  /** A group becomes a supergroup: both are told of it, the old one is shut. */
  migrate(chatId: number, toChatId: number, by: FakePerson): void;
  /** The bot is blocked or thrown out. */
  close(chatId: number): void;
  /** What stands in a chat, in the order in which it was written. */
  messages(chatId: number): readonly FakeMessage[];
  disturb(disturbance: TelegramDisturbance): void;
  readonly calls: readonly FakeCall[];
  readonly commands: BotWorld['commands'];
  /** What Telegram would have refused as wrong, or dropped of a formatting: 0 of them is the goal. "Not modified" is not one. */
  readonly faults: readonly string[];
  /** Statuses with which the webhook answered. */
  readonly webhookStatuses: readonly number[];
  /** Updates that the bot has not confirmed. */
  readonly unconfirmed: number;
  /** A getUpdates waits for news. */
  readonly isPolled: boolean;
  stop(): Promise<void>;
}

export interface FakeTelegramOptions {
  readonly token?: string;
  readonly username?: string;
}

/** Starts a fake of the Bot API on a free port. */
export async function startFakeTelegram({ token = '110201543:fake-token-of-a-bot', username = 'nexus_test_bot' }: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const bot = { id: Number(token.split(':')[0]), name: 'Nexus', username };
  const queue = new UpdateQueue();
  const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
  const world: BotWorld = { bot, chats: new Chats(bot), queue, webhook: new WebhookDelivery(queue), files: new Map(), commands: [], repairs: [], nowSeconds };
  const calls: FakeCall[] = [];
  const refusals: string[] = [];
  const disturbances = new Disturbances();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://fake').pathname;
    const file = path.startsWith(`/file/bot${token}/documents/`) ? world.files.get(path.split('/').at(-1) ?? '') : undefined;
    if (file !== undefined) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file.content);
    const method = path.startsWith(`/bot${token}/`) ? path.slice(`/bot${token}/`.length) : undefined;
    if (method === undefined) return sendJson(response, 401, { ok: false, error_code: 401, description: 'Unauthorized' });
    const body = await readCallBody(request);
    const chatId = body.fields['chat_id'] === undefined ? undefined : Number(body.fields['chat_id']);
    const note = (status: number): void => void calls.push({ method, fields: body.fields, status, at: performance.now() });
    const left = new AbortController();
    response.once('close', () => left.abort());
    const disturbance = disturbances.next(method, chatId);
    if (disturbance?.kind === 'reset_before') {
      note(0);
      return void response.destroy();
    }
    try {
      requireCalm(world, chatId, disturbance, refusals);
      const does = botMethods[method];
      if (does === undefined) throw new BotApiError(404, 'Not Found');
      const result = await does(world, body, left.signal);
      note(disturbance?.kind === 'reset_after' ? 0 : 200);
      if (disturbance?.kind === 'reset_after') response.destroy();
      else sendJson(response, 200, { ok: true, result });
    } catch (error) {
      if (!(error instanceof BotApiError)) throw error;
      note(error.code);
      if (isFault(error)) refusals.push(`${method}: ${error.description}`);
      sendJson(response, error.code, { ok: false, error_code: error.code, description: error.description, ...(Object.keys(error.parameters).length > 0 && { parameters: error.parameters }) });
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      refusals.push(`the fake itself failed: ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  });
  const { url, close } = await listen(server);
  return {
    url, token, bot, calls, commands: world.commands,
    addChat: (chat) => void world.chats.add(chat),
    write: (message) => personWrites(world, message),
    change: (chatId, messageId, text) => {
      const chat = world.chats.get(chatId);
      const before = chat.messages.get(messageId);
      if (before === undefined) throw new AppError('fake_misused', `There is no message ${messageId} in chat ${chatId}.`);
      const message = { ...before, text, edits: before.edits + 1 };
      chat.messages.set(messageId, message);
      return queue.add('edited_message', { ...world.chats.messageObject(chat, message, nowSeconds()), edit_date: nowSeconds() });
    },
    deliverAgain: (updateId) => queue.addAgain(updateId),
    migrate: (chatId, toChatId, by) => {
      const old = world.chats.get(chatId);
      const now = world.chats.add({ id: toChatId, type: 'supergroup', title: old.title });
      const told = (chat: typeof old, more: object): number => queue.add('message', { message_id: 1, date: nowSeconds(), chat: world.chats.chatObject(chat), from: world.chats.userObject(by.id), ...more });
      told(old, { migrate_to_chat_id: toChatId });
      told(now, { migrate_from_chat_id: chatId });
      old.migratedTo = toChatId;
    },
    close: (chatId) => void (world.chats.get(chatId).isClosed = true),
    messages: (chatId) => [...world.chats.get(chatId).messages.values()].toSorted((a, b) => a.messageId - b.messageId),
    disturb: (disturbance) => disturbances.add(disturbance),
    get faults(): readonly string[] {
      return [...refusals, ...world.repairs];
    },
    get webhookStatuses(): readonly number[] {
      return world.webhook.statuses;
    },
    get unconfirmed(): number {
      return queue.size;
    },
    get isPolled(): boolean {
      return queue.isPolled;
    },
    stop: async () => {
      world.webhook.set('', '');
      queue.interrupt();
      await close();
    },
  };
}

/** Throws where the call is disturbed, or its chat is still shut after a 429: to ask again before that is a fault. */
function requireCalm({ chats }: BotWorld, chatId: number | undefined, disturbance: TelegramDisturbance | undefined, refusals: string[]): void {
  const chat = chatId === undefined ? undefined : findChat(chats, chatId);
  const now = performance.now();
  if (chat !== undefined && chat.floodedUntil > now) {
    refusals.push(`chat ${chat.id} was asked ${Math.ceil(chat.floodedUntil - now)} ms before retry_after was over`);
    throw tooMany(Math.ceil((chat.floodedUntil - now) / 1_000));
  }
  if (disturbance?.kind === 'server_error') throw new BotApiError(502, 'Bad Gateway');
  if (disturbance?.kind !== 'flood') return;
  const seconds = disturbance.retryAfter ?? 1;
  if (chat !== undefined) chat.floodedUntil = now + seconds * 1_000;
  throw tooMany(seconds);
}

const tooMany = (seconds: number): BotApiError => new BotApiError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });

function findChat(chats: Chats, id: number): ReturnType<Chats['get']> | undefined {
  try {
    return chats.get(id);
  } catch {
    return undefined;
  }
}

/** A mistake of the bot, not an event that it must live with. */
function isFault({ code, description }: BotApiError): boolean {
  if (code !== 400 && code !== 404) return false;
  return !/message is not modified|upgraded to a supergroup|to edit not found|to delete not found|chat not found/.test(description);
}
