import { AppError } from '@nexus/core';
import { failureOf } from './call-failure.js';
import { Lanes } from './lanes.js';
import { wait } from './wait.js';

/** A call for a chat; `hasMoved` when that is not the chat that was named, but the supergroup that it became. */
export type ChatCall<T> = (chatId: string, hasMoved: boolean) => Promise<T>;

/** The calls for chats: those of one chat one after the other, none while Telegram asked to wait, and all of them where the chat is now. */
export class ChatCalls {
  private readonly lanes = new Lanes();
  private readonly movedTo = new Map<string, string>();
  /** performance.now() until which a chat is left alone. */
  private readonly shutUntil = new Map<string, number>();

  /** `onFlood` hears how long a chat waits. */
  constructor(
    private readonly signal: AbortSignal,
    private readonly onFlood: (waitMs: number) => void,
  ) {}

  /** A chat has another id from now on. */
  moved(from: string, to: string): void {
    if (from !== to) this.movedTo.set(from, to);
  }

  /**
   * Makes the call, again after every `retry_after`. Resolves to undefined when there was nothing to change. Throws AppError `surface_gone`
   * when it never will be done, `surface_refused` when it is wrong, `surface_unreachable` (retryable) when nobody knows whether it was done.
   */
  run<T>(chatId: string, call: ChatCall<T>): Promise<T | undefined> {
    return this.lanes.run(chatId, () => this.insist(chatId, call));
  }

  /** Makes the call when the chat is free, else leaves it; what fails is no loss. */
  async attempt(chatId: string, call: ChatCall<unknown>): Promise<void> {
    const now = this.current(chatId);
    if (this.lanes.isBusy(chatId) || this.waitMs(now) > 0) return;
    await call(now, now !== chatId).catch((error: unknown) => {
      const failure = failureOf(error);
      if (failure.kind === 'flood') this.shut(now, failure.afterMs);
    });
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    return this.lanes.idle();
  }

  private async insist<T>(chatId: string, call: ChatCall<T>): Promise<T | undefined> {
    for (;;) {
      const now = this.current(chatId);
      await wait(this.waitMs(now), this.signal);
      if (this.signal.aborted) throw unreachable('The adapter is stopping.');
      try {
        return await call(now, now !== chatId);
      } catch (error) {
        const failure = failureOf(error);
        switch (failure.kind) {
          case 'flood':
            this.shut(now, failure.afterMs);
            break;
          case 'migrated':
            if (failure.chatId === now) throw unreachable('The chat moves.', error);
            this.moved(now, failure.chatId);
            break;
          case 'unchanged':
            return undefined;
          case 'gone':
            throw new AppError('surface_gone', `Telegram says: ${failure.reason}.`, { status: 410, cause: error });
          case 'refused':
            throw new AppError('surface_refused', `Telegram refused a call: ${withoutQuotes(failure.reason)}.`, { status: 502, cause: error });
          case 'unsure':
            throw error instanceof AppError ? error : unreachable('Telegram cannot be reached, or did not answer.', error);
        }
      }
    }
  }

  private current(chatId: string): string {
    let now = chatId;
    for (let hops = 0, next = this.movedTo.get(now); next !== undefined && hops < 8; hops++, next = this.movedTo.get(now)) now = next;
    return now;
  }

  private waitMs(chatId: string): number {
    return (this.shutUntil.get(chatId) ?? 0) - performance.now();
  }

  private shut(chatId: string, ms: number): void {
    this.shutUntil.set(chatId, performance.now() + ms);
    this.onFlood(ms);
  }
}

/** Telegram quotes what it refuses: that is a part of an answer, and belongs into no log. */
function withoutQuotes(reason: string): string {
  return reason.replace(/'[^]*'|"[^]*"/g, '(…)');
}

function unreachable(message: string, cause?: unknown): AppError {
  return new AppError('surface_unreachable', message, { status: 503, isRetryable: true, cause });
}
