import { AppError } from '@nexus/core';

/** When somebody who found every seat and every place in the queue taken may come again. */
const COME_AGAIN_MS = 1_000;

interface Waiting<T> {
  readonly take: (seat: T) => void;
  readonly leave: (reason: unknown) => void;
}

/** A fixed number of things that are used by one call at a time, and a queue of limited length for them: first come, first served. */
export class Seats<T> {
  private readonly free: T[];
  private readonly queue: Waiting<T>[] = [];

  constructor(seats: readonly T[], private readonly mostWaiting: number) {
    this.free = [...seats];
  }

  /** Uses a seat for as long as `use` takes. Throws AppError `busy` (429) when too many wait, and the signal's reason when it aborts in the queue. */
  async with<R>(signal: AbortSignal, use: (seat: T) => Promise<R>): Promise<R> {
    const seat = await this.take(signal);
    try {
      return await use(seat);
    } finally {
      const next = this.queue.shift();
      if (next) next.take(seat);
      else this.free.push(seat);
    }
  }

  private take(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const seat = this.free.pop();
    if (seat !== undefined) return Promise.resolve(seat);
    if (this.queue.length >= this.mostWaiting) throw new AppError('busy', 'The model has as many calls as it can take. Ask again later.', { status: 429, isRetryable: true, retryAfterMs: COME_AGAIN_MS });
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        waiting.leave(signal.reason);
      };
      const waiting: Waiting<T> = {
        take: (given) => {
          signal.removeEventListener('abort', onAbort);
          resolve(given);
        },
        leave: reject,
      };
      this.queue.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
