import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import { plain } from '../formatted.js';
import { insist, stopping } from '../insist.js';
import { nonceOf } from '../messages/message-id.js';
import type { OpenMessage } from '../messages/open-message.js';
import type { OpenMessages } from '../messages/open-messages.js';
import type { AdapterObserver } from '../observer.js';
import type { Piece, Surface } from '../surface.js';

export interface AnswerWriterParts {
  readonly surface: Surface;
  readonly messages: OpenMessages;
  readonly observer: AdapterObserver;
  readonly signal: AbortSignal;
}

/** Stands where an answer will stand. */
const PLACEHOLDER: Piece = { content: plain('…') };
/** A failure of a platform that says nothing about itself may pass. */
const TRIES_OF_UNKNOWN = 5;
/** A message of the bot that somebody removes while it is written is made anew, so often. */
const MOST_LIVES = 3;

/**
 * Writes answers to a surface so that a crash at any moment doubles nothing: a placeholder is posted, its id remembered, and only then is
 * it edited into what it shall say; edits may be repeated. Where nothing can be edited, each piece is remembered when it was posted.
 */
export class AnswerWriter {
  constructor(private readonly parts: AnswerWriterParts) {}

  /** Milliseconds until this slot may be edited again; 0: now. */
  dueIn(message: OpenMessage, slot: number): number {
    const at = message.shownAt[slot];
    return at === undefined ? 0 : Math.max(0, at + this.parts.surface.capabilities().editEveryMs - performance.now());
  }

  /** Makes one slot of the answer show this. */
  async show(message: OpenMessage, slot: number, piece: Piece): Promise<void> {
    const { record } = message;
    const look = piece.file === undefined ? JSON.stringify(piece.content) : undefined; // a file is not compared
    for (;;) {
      const id = record.slots[slot] ?? (await this.open(message, slot));
      if (look !== undefined && message.shown[slot] === look) return;
      await this.wait(this.dueIn(message, slot));
      try {
        await this.call('edit', () => this.parts.surface.edit(message.place, id, piece));
      } catch (error) {
        if (!isGone(error) || record.lives >= MOST_LIVES) throw error;
        await this.reopen(message, slot);
        continue;
      }
      message.shown[slot] = look;
      message.shownAt[slot] = performance.now();
      return;
    }
  }

  /** Removes the slots that the answer does not need. */
  async removeFrom(message: OpenMessage, slots: number): Promise<void> {
    const { slots: ids } = message.record;
    for (let id = ids[slots]; id !== undefined; id = ids[slots]) {
      const stray = id;
      await this.call('remove', () => this.parts.surface.remove(message.place, stray)).catch((error: unknown) => this.unlessStopping(error));
      ids.splice(slots, 1);
      await this.parts.messages.keep(message);
    }
  }

  /** Posts one piece of an answer where nothing can be edited; does nothing when it is known to be posted. */
  async post(message: OpenMessage, slot: number, piece: Piece): Promise<void> {
    if (message.record.slots[slot] === undefined) await this.open(message, slot, piece);
  }

  private async open(message: OpenMessage, slot: number, piece = PLACEHOLDER): Promise<string> {
    const { id: messageId, record, place } = message;
    const nonce = nonceOf(messageId, slot, record.lives);
    const repliesTo = slot === 0 && record.surfaceMessageId !== '' ? { replyToMessageId: record.surfaceMessageId } : {};
    const id = await this.call('post', () => this.parts.surface.post(place, piece, { nonce, ...repliesTo }));
    record.slots[slot] = id;
    await this.parts.messages.keep(message);
    return id;
  }

  private async reopen(message: OpenMessage, slot: number): Promise<void> {
    message.record.lives++;
    message.record.slots.splice(slot, 1);
    // what stood behind it would now stand before it
    await this.removeFrom(message, slot);
    message.shown.length = message.shownAt.length = slot;
  }

  private async call<T>(doing: 'post' | 'edit' | 'remove', work: () => Promise<T>): Promise<T> {
    const { observer, signal } = this.parts;
    const onFailure = (error: AppError): void => {
      observer.count?.('failures');
      observer.problem?.(doing, error);
    };
    const done = await insist(work, { signal, triesOfUnknown: TRIES_OF_UNKNOWN, onFailure });
    if (doing !== 'remove') observer.count?.(doing === 'post' ? 'posts' : 'edits');
    return done;
  }

  private async wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.parts.signal }).catch(() => undefined);
    if (this.parts.signal.aborted) throw stopping();
  }

  private unlessStopping(error: unknown): void {
    if (this.parts.signal.aborted) throw error;
    this.parts.observer.problem?.('remove', AppError.from(error));
  }
}

/** The place, or the message, is not there any more. */
export function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === 'surface_gone';
}
