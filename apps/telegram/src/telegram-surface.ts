import type { AdapterMemory, Formatted, Piece, Place, PlaceContext, PostOptions, Surface, SurfaceCapabilities, SurfaceMessage } from '@nexus/adapter-kit';
import { AppError, backoffMs } from '@nexus/core';
import { Api } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { failureOf } from './call-failure.js';
import { ChatCalls } from './chat-calls.js';
import { Albums } from './incoming/albums.js';
import { fileContent, MOST_DOWNLOAD } from './incoming/file-content.js';
import { hearMessage, type GroupAttention, type HeardMessage } from './incoming/hear-message.js';
import { confirmSafe, HEARD_UPDATES, pollUpdates } from './incoming/poll-updates.js';
import { SeenUpdates } from './incoming/seen-updates.js';
import { startWebhookServer, type WebhookServer } from './incoming/webhook-server.js';
import { COMMAND_MENU } from './kit-commands.js';
import { Lanes } from './lanes.js';
import { MovedPosts } from './outgoing/moved-posts.js';
import { postedId, postedOf } from './outgoing/posted-id.js';
import { editToPiece, MOST_TEXT, sendPiece } from './outgoing/send-piece.js';
import { entityCount, MOST_ENTITIES } from './outgoing/to-entities.js';
import { wait } from './wait.js';

/** How a bot is reached. */
export interface TelegramOptions {
  readonly token: string;
  /** Without a slash at its end; files are fetched through it too. */
  readonly apiRoot: string;
  readonly attention: GroupAttention;
  /** Milliseconds between two changes of one message; default 1,200. */
  readonly editEveryMs?: number;
  /** Undefined: the bot asks for its updates. */
  readonly webhook?: { readonly url: string; readonly secret: string; readonly host: string; readonly port: number };
  /** What it remembers of groups that moved: best the memory of its adapter. */
  readonly memory?: Pick<AdapterMemory, 'get' | 'set'>;
  /** Told of what goes on: `poll` and `connect` with Telegram's status (0: not reached), `flood` with milliseconds, `unsafe` when a message waits for NEXUS. */
  readonly report?: (event: 'poll' | 'connect' | 'flood' | 'unsafe' | 'dropped', detail: number) => void;
}

const EDIT_EVERY_MS = 1_200;
const CALL_WITHIN_S = 60;
const RETRY_MS = 500;
const MOST_RETRY_MS = 15_000;
/** Of this many tries to begin that fail in a row one is told. */
const TRIES_A_REPORT = 10;
/** So long the end waits for what is under way. */
const END_WITHIN_MS = 5_000;

/** The id of the bot that a token is for. */
export function botIdOf(token: string): string {
  return token.split(':')[0] ?? '';
}

/** Telegram as a surface. `isConnected` tells whether the bot hears people: the last poll was answered, or the webhook is set. */
export interface TelegramSurface extends Surface {
  readonly isConnected: boolean;
}

export function telegramSurface(options: TelegramOptions): TelegramSurface {
  return new BotSurface(options);
}

class BotSurface implements TelegramSurface {
  isConnected = false;
  readonly name = 'telegram';
  private readonly api: Api;
  private readonly report: NonNullable<TelegramOptions['report']>;
  /** Hears no more. */
  private readonly ending = new AbortController();
  /** Posts no more. */
  private readonly ended = new AbortController();
  private readonly seen = new SeenUpdates();
  private readonly places = new Lanes();
  private readonly albums = new Albums(this.ending.signal);
  private readonly calls: ChatCalls;
  private readonly movedPosts: MovedPosts;
  private polling: Promise<void> | undefined;
  private webhook: WebhookServer | undefined;

  constructor(private readonly options: TelegramOptions) {
    this.api = new Api(options.token, { apiRoot: options.apiRoot, timeoutSeconds: CALL_WITHIN_S });
    this.report = options.report ?? ((): void => undefined);
    this.movedPosts = new MovedPosts(options.memory);
    this.calls = new ChatCalls(this.ended.signal, (waitMs) => this.report('flood', waitMs));
  }

  capabilities(): SurfaceCapabilities {
    return { markdown: true, images: true, files: true, choices: false, edits: true, maxTextLength: MOST_TEXT, lengthOf, editEveryMs: this.options.editEveryMs ?? EDIT_EVERY_MS, maxFileBytes: MOST_DOWNLOAD };
  }

  /** Waits until Telegram answers. Throws AppError `invalid_bot_token` when it does not know the bot. */
  async connect(onMessage: (message: SurfaceMessage) => Promise<void>): Promise<void> {
    const { webhook } = this.options;
    const me = await this.untilAnswered(() => this.api.getMe());
    await this.untilAnswered(() => this.api.setMyCommands(COMMAND_MENU));
    const take = (update: Update): Promise<void> => this.take(update, me, onMessage);
    if (webhook === undefined) {
      await this.untilAnswered(() => this.api.deleteWebhook());
      this.isConnected = true;
      this.polling = pollUpdates({ api: this.api, seen: this.seen, take, onSuccess: () => (this.isConnected = true), onFailure: (status) => this.onPollFailed(status), signal: this.ending.signal });
      return;
    }
    const takeOnce = (update: Update): Promise<void> => this.seen.take(update.update_id, () => take(update));
    this.webhook = await startWebhookServer({ ...webhook, take: takeOnce });
    await this.untilAnswered(() => this.api.setWebhook(webhook.url, { secret_token: webhook.secret, allowed_updates: HEARD_UPDATES }));
    this.isConnected = true;
  }

  async disconnect(): Promise<void> {
    this.ending.abort();
    this.isConnected = false;
    await this.polling;
    const inTime = AbortSignal.timeout(END_WITHIN_MS);
    await Promise.race([Promise.all([this.seen.settled(), this.calls.idle()]), wait(END_WITHIN_MS, inTime)]);
    await this.webhook?.close();
    this.ended.abort();
    // What is not confirmed comes again at the next start, and is known there by its id.
    if (this.polling !== undefined) await confirmSafe(this.api, this.seen).catch(() => undefined);
  }

  async post(place: Place, piece: Piece, { replyToMessageId }: PostOptions): Promise<string> {
    const posted = await this.calls.run(place.chatId, async (chatId, hasMoved) => {
      // Ids of messages and topics are those of the chat that is no more.
      const target = { chatId, threadId: hasMoved ? undefined : threadOf(place), replyTo: hasMoved ? undefined : messageIdOf(replyToMessageId) };
      return postedId(place, { chatId, messageId: await sendPiece(this.api, target, piece) });
    });
    return posted ?? '';
  }

  async edit(place: Place, id: string, piece: Piece): Promise<void> {
    const { chatId: postedIn, messageId } = postedOf(place, id);
    await this.calls.run(postedIn, async (chatId, hasMoved) => {
      if (!hasMoved) return editToPiece(this.api, chatId, messageId, piece);
      const moved = await this.movedPosts.get(postedIn, messageId);
      if (moved !== undefined) return editToPiece(this.api, chatId, postedOf(place, moved).messageId, piece);
      const anew = await sendPiece(this.api, { chatId, threadId: undefined, replyTo: undefined }, piece);
      await this.movedPosts.set(postedIn, messageId, postedId(place, { chatId, messageId: anew }));
    });
  }

  async remove(place: Place, id: string): Promise<void> {
    const { chatId: postedIn, messageId } = postedOf(place, id);
    const removal = this.calls.run(postedIn, async (chatId, hasMoved) => {
      const moved = hasMoved ? await this.movedPosts.get(postedIn, messageId) : undefined;
      if (moved !== undefined) await this.api.deleteMessage(chatId, postedOf(place, moved).messageId);
      else if (!hasMoved) await this.api.deleteMessage(chatId, messageId);
    });
    await removal.catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'surface_gone') throw error;
    });
  }

  async typing(place: Place): Promise<void> {
    const threadId = threadOf(place);
    await this.calls.attempt(place.chatId, (chatId, hasMoved) => this.api.sendChatAction(chatId, 'typing', threadId === undefined || hasMoved ? {} : { message_thread_id: threadId }));
  }

  async notify(place: Place, text: Formatted): Promise<void> {
    await this.post(place, { content: text }, { nonce: '' });
  }

  async context(place: Place): Promise<PlaceContext> {
    const found = await this.calls.run(place.chatId, async (chatId) => {
      const chat = await this.api.getChat(chatId);
      const isGroup = chat.type !== 'private';
      const title = chat.title ?? [chat.first_name, chat.last_name].filter(Boolean).join(' ');
      return { title, isGroup, ...(isGroup && { memberCount: await this.api.getChatMemberCount(chatId) }) };
    });
    return found ?? { title: '', isGroup: false };
  }

  private onPollFailed(status: number): void {
    this.isConnected = false;
    this.report('poll', status);
  }

  /** Resolves when the update is safe with NEXUS, or says nothing to the bot. */
  private take(update: Update, me: UserFromGetMe, onMessage: (message: SurfaceMessage) => Promise<void>): Promise<void> {
    const { message } = update;
    if (message?.migrate_to_chat_id !== undefined) this.calls.moved(String(message.chat.id), String(message.migrate_to_chat_id));
    const heard = hearMessage(update, me, this.albums.isOpen(update) ? 'all' : this.options.attention);
    if (heard === undefined) return Promise.resolve();
    const lane = `${heard.place.chatId} ${heard.place.topicId}`;
    return this.albums.take(update, heard, (whole) => this.places.run(lane, async () => this.deliver(this.withFiles(await whole()), onMessage)));
  }

  /** Again and again until the message is safe: those after it in its place wait, so that their order stays. */
  private async deliver(message: SurfaceMessage, onMessage: (message: SurfaceMessage) => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      if (this.ending.signal.aborted) throw new AppError('surface_unreachable', 'The adapter is stopping.', { status: 503, isRetryable: true });
      try {
        return await onMessage(message);
      } catch (error) {
        if (error instanceof AppError && !error.isRetryable) return this.report('dropped', error.status);
        this.report('unsafe', failures + 1);
        await wait(RETRY_MS + backoffMs(failures, RETRY_MS, MOST_RETRY_MS), this.ending.signal);
      }
    }
  }

  private withFiles({ files, ...heard }: HeardMessage): SurfaceMessage {
    const source = { api: this.api, apiRoot: this.options.apiRoot, token: this.options.token };
    return { ...heard, files: files.map(({ fileId, name, mediaType, bytes }) => ({ name, mediaType, bytes, content: () => fileContent(source, fileId, bytes) })) };
  }

  private async untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      if (this.ending.signal.aborted) throw new AppError('surface_unreachable', 'The adapter is stopping.', { status: 503, isRetryable: true });
      try {
        return await call();
      } catch (error) {
        const failure = failureOf(error);
        if (failure.kind === 'refused' && (failure.status === 401 || failure.status === 404)) {
          throw new AppError('invalid_bot_token', 'Telegram does not know this bot. Correct TELEGRAM_BOT_TOKEN: @BotFather tells it.', { status: 401 });
        }
        if (failure.kind === 'refused') throw new AppError('surface_refused', `Telegram refused to begin: ${failure.reason}.`, { status: 502, cause: error });
        if (failures % TRIES_A_REPORT === 0) this.report('connect', 'afterMs' in failure ? 429 : 0);
        await wait('afterMs' in failure ? failure.afterMs : RETRY_MS + backoffMs(failures, RETRY_MS, MOST_RETRY_MS), this.ending.signal);
      }
    }
  }
}

/**
 * A text with so many styles that Telegram would drop some counts as too long, so that it is parted. It is by twice as much too long as is to
 * go, because those who part a text take half of the excess away at a time.
 */
function lengthOf(content: Formatted): number {
  const { length } = content.text;
  const entities = entityCount(content);
  return entities <= MOST_ENTITIES ? length : MOST_TEXT + Math.ceil(2 * length * (1 - MOST_ENTITIES / entities));
}

/** General has no thread id. */
function threadOf({ topicId }: Place): number | undefined {
  return topicId === '' || topicId === '1' ? undefined : Number(topicId);
}

/** Of an edit's id (`message.update`) the message. */
function messageIdOf(id: string | undefined): number | undefined {
  const messageId = Number.parseInt(id ?? '', 10);
  return Number.isSafeInteger(messageId) ? messageId : undefined;
}
