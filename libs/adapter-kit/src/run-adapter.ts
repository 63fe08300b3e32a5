import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Adapter, AdapterHealth, AdapterOptions } from './adapter.js';
import { textPieces } from './desk/answer-pieces.js';
import { Desk } from './desk/desk.js';
import { insist, stopping } from './insist.js';
import { incomingRequest, NO_FILES, passFiles } from './messages/incoming-request.js';
import { messageIdOf, surfaceMessageIdOf, type BotName } from './messages/message-id.js';
import { OpenMessage, recordedRequest, type OpenRecord } from './messages/open-message.js';
import { OpenMessages } from './messages/open-messages.js';
import type { AdapterObserver } from './observer.js';
import { helpText, parseSlashCommand } from './slash-commands.js';
import type { Place, SurfaceMessage } from './surface.js';
import { toldOnce } from './told-once.js';
import type { LivePart } from './transport/adapter-transport.js';

const REPUBLISH_MS = 2_000;
const OVERLOAD_RETRIES = 5;
const STOP_WITHIN_MS = 5_000;

/**
 * Runs an adapter between a surface and NEXUS; resolves when it hears people. Every message of the surface reaches NEXUS, and its answer its
 * place exactly once, in the order of the questions, also when this process, NEXUS or Redis dies meanwhile. Only where the surface can
 * neither edit nor tell nonces apart, a crash between a post and its remembering posts that piece twice.
 */
export async function runAdapter(options: AdapterOptions): Promise<Adapter> {
  const adapter = new RunningAdapter(options);
  await adapter.start();
  return adapter;
}

class RunningAdapter implements Adapter {
  private readonly bot: BotName;
  private readonly observer: AdapterObserver;
  private readonly messages: OpenMessages;
  private readonly ending = new AbortController();
  /** What an earlier process left open is known: only then answers can be told from those of messages that were forgotten. */
  private readonly resumed = Promise.withResolvers<void>();
  private readonly desks = new Map<string, Desk>();
  private readonly open = new Map<string, OpenMessage>();
  /** Messages that are being taken in, so that the same one, come twice, is taken in once. */
  private readonly arriving = new Map<string, Promise<void>>();
  private lastSeq = 0;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: AdapterOptions) {
    this.bot = { surface: options.surface.name, bot: options.settings?.bot ?? '' };
    this.observer = toldOnce(options.observer ?? {});
    this.messages = new OpenMessages(options.memory, this.observer, this.ending.signal);
  }

  async start(): Promise<void> {
    const { surface, transport } = this.options;
    const records = await this.messages.load();
    const listening = transport.start({
      onPart: (messageId, part) => this.onPart(messageId, part),
      onAnswer: (answer, signal) => this.onAnswer(answer, signal),
      onReconnected: () => this.onReconnected(),
      onProblem: (error) => this.observer.problem?.('transport', error),
    });
    for (const record of records) await this.resume(record);
    this.resumed.resolve();
    listening.then(() => this.sendAgain(), (error: unknown) => this.observer.problem?.('transport', AppError.from(error)));
    if (!this.messages.isDurable) await listening; // what cannot be remembered is not taken in before it can be sent
    await surface.connect((message) => this.onMessage(message));
  }

  health(): AdapterHealth {
    const oldest = Math.min(...[...this.open.values()].map(({ record }) => record.receivedAt));
    return { isConnected: this.options.transport.isConnected, open: this.open.size, oldestOpenMs: this.open.size === 0 ? 0 : Math.max(0, Date.now() - oldest) };
  }

  async notify(place: Place, markdown: string): Promise<void> {
    const { surface } = this.options;
    for (const piece of textPieces(markdown, surface.capabilities())) {
      await insist(() => surface.notify(place, piece), { signal: this.ending.signal, onFailure: (error) => this.observer.problem?.('notify', error) });
    }
  }

  stop(graceMs = STOP_WITHIN_MS): Promise<void> {
    return (this.stopped ??= this.end(graceMs));
  }

  private async end(graceMs: number): Promise<void> {
    const { surface, transport, memory } = this.options;
    const { signal } = this.ending;
    const last = setTimeout(() => this.ending.abort(), graceMs);
    for (const { accepted } of this.open.values()) accepted.reject(stopping());
    const written = Promise.all([...this.desks.values()].map((desk) => desk.pause()));
    await Promise.race([written, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
    clearTimeout(last);
    this.ending.abort();
    await surface.disconnect();
    await transport.stop();
    await memory.close();
  }

  private onMessage(message: SurfaceMessage): Promise<void> {
    const id = messageIdOf(this.bot, message.place, message.id);
    const arriving = this.arriving.get(id) ?? this.take(id, message).finally(() => this.arriving.delete(id));
    this.arriving.set(id, arriving);
    return arriving;
  }

  private async take(id: string, message: SurfaceMessage): Promise<void> {
    if (this.stopped !== undefined) throw stopping();
    const seq = this.nextSeq();
    const known = this.open.get(id);
    if (known !== undefined) return this.safe(known);
    if (await this.messages.isClosed(id)) return;
    if (message.text.trim() === '' && message.files.length === 0) return;
    this.observer.count?.('messages');
    const taken = await this.openMessage(id, seq, message);
    this.open.set(id, taken);
    await this.messages.keep(taken);
    this.deskOf(taken.place).add(taken);
    await this.safe(taken);
  }

  private async openMessage(id: string, seq: number, message: SurfaceMessage): Promise<OpenMessage> {
    const { surface, transport, settings } = this.options;
    const command = settings?.commands === false ? undefined : parseSlashCommand(message.text);
    const span = this.observer.startMessage?.({ messageId: id, surface: surface.name });
    const files = message.files.length === 0 || command !== undefined ? NO_FILES : await passFiles(id, message.files, transport, { signal: this.ending.signal, observer: this.observer });
    const request = incomingRequest({ bot: this.bot, agent: settings?.agent ?? '', message, command, capabilities: surface.capabilities(), files });
    const record: OpenRecord = {
      ...emptyRecord(id, seq, message.place, span?.traceparent ?? ''),
      surfaceMessageId: message.id, isCommand: command !== undefined, request: recordedRequest(request),
    };
    const opened = new OpenMessage(record, span);
    if (command?.name === 'help') opened.setAnswer(create(ProcessedRequestSchema, { messageId: id, outcome: Outcome.ANSWERED, text: helpText() }));
    return opened;
  }

  /** What stands in a memory that outlives this process is safe; else only what NEXUS has confirmed. */
  private async safe(message: OpenMessage): Promise<void> {
    if (!this.messages.isDurable) await message.accepted.promise;
  }

  private async resume(record: OpenRecord): Promise<void> {
    this.lastSeq = Math.max(this.lastSeq, record.seq);
    const message = new OpenMessage(record, undefined);
    if (await this.messages.isClosed(record.id)) return this.messages.close(message); // it ended between the two
    this.open.set(record.id, message);
    this.deskOf(message.place).add(message);
  }

  private onPart(messageId: string, part: LivePart): void {
    const message = this.open.get(messageId);
    if (message !== undefined) this.deskOf(message.place).onPart(message, part);
  }

  private async onAnswer(answer: ProcessedRequest, signal: AbortSignal): Promise<void> {
    await this.resumed.promise;
    const message = this.open.get(answer.messageId) ?? (await this.forgotten(answer));
    if (message === undefined) return;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(stopping());
    if (signal.aborted) throw stopping();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.deskOf(message.place).onAnswer(message, answer), aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** The message of an answer that this process and its memory do not know: it says itself where it belongs. Undefined when it was delivered before. */
  private async forgotten(answer: ProcessedRequest): Promise<OpenMessage | undefined> {
    const { messageId, surface, chatId, topicId } = answer;
    if (chatId === '' || surface !== this.bot.surface || (await this.messages.isClosed(messageId))) return undefined;
    const known = this.open.get(messageId); // it may have come while the memory was asked
    if (known !== undefined) return known;
    const message = new OpenMessage({ ...emptyRecord(messageId, this.nextSeq(), { chatId, topicId }, ''), surfaceMessageId: surfaceMessageIdOf(messageId) }, undefined);
    message.setAnswer(answer);
    this.open.set(messageId, message);
    this.deskOf(message.place).add(message);
    return message;
  }

  private onReconnected(): void {
    this.observer.count?.('reconnects');
    this.sendAgain();
  }

  private sendAgain(): void {
    for (const desk of this.desks.values()) desk.again();
  }

  private deskOf(place: Place): Desk {
    const key = JSON.stringify([place.chatId, place.topicId]);
    const desk = this.desks.get(key) ?? new Desk({
      surface: this.options.surface,
      transport: this.options.transport,
      messages: this.messages,
      observer: this.observer,
      signal: this.ending.signal,
      republishMs: this.options.settings?.republishMs ?? REPUBLISH_MS,
      overloadRetries: this.options.settings?.overloadRetries ?? OVERLOAD_RETRIES,
      onClosed: (message) => void this.open.delete(message.id),
      onIdle: () => void this.desks.delete(key),
    });
    this.desks.set(key, desk);
    return desk;
  }

  /** Grows, also over restarts and when the clock goes back. */
  private nextSeq(): number {
    return (this.lastSeq = Math.max(this.lastSeq + 1, Date.now()));
  }
}

function emptyRecord(id: string, seq: number, { chatId, topicId }: Place, traceparent: string): OpenRecord {
  return { id, seq, receivedAt: Date.now(), chatId, topicId, surfaceMessageId: '', traceparent, isCommand: false, slots: [], lives: 0 };
}
