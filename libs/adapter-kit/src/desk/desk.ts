import { Outcome, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { plain, type Formatted } from '../formatted.js';
import { stopping } from '../insist.js';
import type { OpenMessage } from '../messages/open-message.js';
import type { OpenMessages } from '../messages/open-messages.js';
import type { AdapterObserver } from '../observer.js';
import type { Piece, Surface } from '../surface.js';
import type { AdapterTransport, LivePart } from '../transport/adapter-transport.js';
import { answerPieces, filePiece, textPieces } from './answer-pieces.js';
import { AnswerWriter, isGone } from './answer-writer.js';
import { isPassing } from './passing-refusal.js';
import { Publication } from './publication.js';

export interface DeskParts {
  readonly surface: Surface;
  readonly transport: AdapterTransport;
  readonly messages: OpenMessages;
  readonly observer: AdapterObserver;
  readonly signal: AbortSignal;
  readonly republishMs: number;
  readonly overloadRetries: number;
  /** The message's answer is delivered, or given up. */
  readonly onClosed: (message: OpenMessage) => void;
  /** Nothing is open here: the desk may be forgotten. */
  readonly onIdle: () => void;
}

interface Waiting {
  readonly message: OpenMessage;
  /** Undefined when its answer was known before it could be sent. */
  readonly publication: Publication | undefined;
}

const TYPING_EVERY_MS = 4_000;
const AFTER_SURPRISE_MS = 1_000;

/**
 * One place: sends its messages one after the other, each when NEXUS has confirmed the one before, and delivers their answers in the order of
 * the questions. What asks NEXUS itself is answered as soon as its answer is there. All calls to the surface are made one at a time.
 */
export class Desk {
  private readonly waiting: Waiting[] = [];
  private readonly writer: AnswerWriter;
  private running: Promise<void> | undefined;
  private wakeUp = Promise.withResolvers<void>();
  private isPaused = false;
  private typedAt = -Infinity;

  constructor(private readonly parts: DeskParts) {
    this.writer = new AnswerWriter(parts);
  }

  add(message: OpenMessage): void {
    const { parts } = this;
    const publication = message.answer !== undefined || message.request === undefined ? undefined : new Publication(message, message.request, parts);
    const later = this.waiting.findIndex(({ message: { record } }) => record.seq > message.record.seq);
    this.waiting.splice(later < 0 ? this.waiting.length : later, 0, { message, publication });
    this.advance();
    this.wake();
    this.start();
  }

  onPart(message: OpenMessage, part: LivePart): void {
    if (part.kind === 'accepted') this.accepted(message);
    message.live.take(part);
    this.wake();
  }

  /** Resolves when the answer need not come again. */
  async onAnswer(message: OpenMessage, answer: ProcessedRequest): Promise<void> {
    const { messages, overloadRetries } = this.parts;
    if (message.answer === undefined) {
      const retryAfterMs = Number(answer.error?.retryAfterMs ?? 0n);
      const publication = this.publicationOf(message);
      if (publication !== undefined && isPassing(answer) && message.refusals < overloadRetries) return publication.refused(++message.refusals, retryAfterMs);
      message.setAnswer(answer);
      publication?.end();
      this.accepted(message);
      this.wake();
    }
    if (messages.isDurable) await messages.keep(message);
    else await message.closed.promise;
  }

  /** What has no answer is sent again at once. */
  again(): void {
    for (const { message, publication } of this.waiting) if (message.answer === undefined) publication?.again();
  }

  /** Begins nothing new; resolves when what is being written is written. */
  async pause(): Promise<void> {
    this.isPaused = true;
    for (const { publication } of this.waiting) publication?.end();
    this.wake();
    await this.running;
  }

  private accepted(message: OpenMessage): void {
    this.publicationOf(message)?.accepted();
    message.accepted.resolve();
    this.advance();
  }

  /** The first message that is not confirmed is sent: those behind it wait, so that NEXUS gets them in their order. */
  private advance(): void {
    const next = this.waiting.find(({ message, publication }) => publication !== undefined && !publication.isAccepted && message.answer === undefined);
    if (!this.isPaused) next?.publication?.begin();
  }

  private publicationOf(message: OpenMessage): Publication | undefined {
    return this.waiting.find((one) => one.message === message)?.publication;
  }

  private wake(): void {
    this.wakeUp.resolve();
  }

  private start(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (this.waiting.length === 0) this.parts.onIdle();
      else if (!this.isPaused && !this.parts.signal.aborted) this.start(); // something came while it ended
    });
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0 && !this.isPaused && !this.parts.signal.aborted) {
      this.wakeUp = Promise.withResolvers();
      let waitMs = AFTER_SURPRISE_MS;
      try {
        const answered = this.nextAnswered();
        if (answered !== undefined) {
          await this.deliver(answered);
          continue;
        }
        waitMs = await this.showLive();
      } catch (error) {
        if (!this.parts.signal.aborted) this.parts.observer.problem?.('answer', AppError.from(error));
      }
      await this.sleep(waitMs);
    }
  }

  private async sleep(ms: number): Promise<void> {
    const { signal } = this.parts;
    const wake = (): void => this.wake();
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
    await this.wakeUp.promise;
    signal.removeEventListener('abort', wake);
    clearTimeout(timer);
  }

  /** The oldest message: answers come in the order of the questions. What asks NEXUS itself does not wait for others, nor they for it. */
  private nextAnswered(): OpenMessage | undefined {
    const head = this.head()?.message;
    return this.waiting.find(({ message }) => message.answer !== undefined && (message === head || message.record.isCommand))?.message;
  }

  private head(): Waiting | undefined {
    return this.waiting.find(({ message }) => !message.record.isCommand) ?? this.waiting[0];
  }

  /** Shows how far the next answer is; resolves with how many milliseconds later to look again. */
  private async showLive(): Promise<number> {
    const { surface } = this.parts;
    const head = this.head();
    if (head === undefined) return TYPING_EVERY_MS;
    const { message, publication } = head;
    const capabilities = surface.capabilities();
    const text = capabilities.edits && !message.isQuiet ? message.live.shown : undefined;
    if (text === undefined) return publication?.isAccepted === true && message.record.slots.length === 0 ? this.type(message) : TYPING_EVERY_MS;
    const dueMs = this.writer.dueIn(message, Math.max(0, message.shown.length - 1));
    return dueMs > 0 ? dueMs : this.showText(message, textPieces(text, capabilities));
  }

  /** What cannot be shown now is not tried again before the answer is whole. */
  private async showText(message: OpenMessage, pieces: readonly Formatted[]): Promise<number> {
    try {
      for (const [slot, content] of pieces.entries()) {
        if (message.shown[slot] === JSON.stringify(content)) continue;
        const dueMs = this.writer.dueIn(message, slot);
        if (dueMs > 0) return dueMs;
        await this.writer.show(message, slot, { content });
        if (message.answer !== undefined) return 0;
      }
    } catch (error) {
      if (this.parts.signal.aborted) throw error;
      message.isQuiet = true;
      this.parts.observer.problem?.('edit', AppError.from(error));
    }
    return TYPING_EVERY_MS;
  }

  private type(message: OpenMessage): number {
    const now = performance.now();
    if (now - this.typedAt >= TYPING_EVERY_MS) {
      this.typedAt = now;
      this.parts.surface.typing(message.place).catch(() => undefined); // it is only polite
    }
    return TYPING_EVERY_MS;
  }

  private async deliver(message: OpenMessage): Promise<void> {
    const { observer, messages, signal } = this.parts;
    let failure: AppError | undefined;
    try {
      await this.write(message);
    } catch (error) {
      if (signal.aborted) throw error;
      failure = AppError.from(error);
      observer.problem?.('answer', failure);
    }
    await messages.close(message);
    this.waiting.splice(this.waiting.findIndex((one) => one.message === message), 1);
    this.count(message, failure);
    message.closed.resolve();
    message.accepted.resolve();
    this.parts.onClosed(message);
    this.advance();
  }

  private count({ record, answer, span }: OpenMessage, failure: AppError | undefined): void {
    const { observer } = this.parts;
    if (failure === undefined) {
      observer.count?.('answers');
      if (answer?.outcome === Outcome.REFUSED) observer.count?.('refusals');
      observer.answered?.(Date.now() - record.receivedAt);
    }
    span?.end(failure);
  }

  /** Writes the whole answer. A platform that refuses it for its looks gets it without. */
  private async write(message: OpenMessage): Promise<void> {
    const { surface, transport, signal } = this.parts;
    const capabilities = surface.capabilities();
    if (message.answer === undefined) throw new AppError('internal', 'There is no answer to deliver.');
    const { texts, files } = answerPieces(message.answer, capabilities);
    for (const [slot, content] of texts.entries()) {
      await this.put(message, slot, { content }).catch((error: unknown) => this.putPlain(message, slot, { content: plain(content.text) }, error));
    }
    for (const [place, file] of files.entries()) {
      const slot = texts.length + place;
      if (!capabilities.edits && message.record.slots[slot] !== undefined) continue;
      const piece = await filePiece(file, transport, capabilities, signal);
      await this.put(message, slot, piece).catch((error: unknown) => this.putPlain(message, slot, { content: plain(`(The file ${file.name} cannot be shown here.)`) }, error));
    }
    if (capabilities.edits) await this.writer.removeFrom(message, texts.length + files.length);
  }

  private put(message: OpenMessage, slot: number, piece: Piece): Promise<void> {
    return this.parts.surface.capabilities().edits ? this.writer.show(message, slot, piece) : this.writer.post(message, slot, piece);
  }

  private async putPlain(message: OpenMessage, slot: number, piece: Piece, error: unknown): Promise<void> {
    const { observer, signal } = this.parts;
    if (signal.aborted) throw stopping();
    if (isGone(error)) throw error;
    observer.problem?.('answer', AppError.from(error));
    await this.put(message, slot, piece);
  }
}
