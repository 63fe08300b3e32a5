import type { ChannelBus } from '@nexus/channels';
import { AppError } from '@nexus/core';

const POLL_MS = 250;
const LONGEST_RETRY_MS = 60_000;

/** Whether new runs are taken: not while model calls wait longer than the limit before a router takes them. */
export class Admission {
  private askedAt = -Infinity;
  private ageMs = 0;

  /** @param limitMs how long the oldest model call may wait, milliseconds. */
  constructor(private readonly bus: Pick<ChannelBus, 'queueAge'>, private readonly limitMs: number) {}

  /** AppError `overloaded` (429, retryable), or undefined when runs are taken. Asks Redis at most every 250 ms; while it does not answer, what it said last holds. */
  async refusal(): Promise<AppError | undefined> {
    const now = performance.now();
    if (now - this.askedAt >= POLL_MS) {
      this.askedAt = now;
      this.ageMs = await this.bus.queueAge('inference.request').catch(() => this.ageMs);
    }
    if (this.ageMs <= this.limitMs) return undefined;
    // a queue whose head has waited so long takes about as long to drain
    return new AppError('overloaded', 'NEXUS has more to do than it can do in time. Nothing was begun; send it again later.', {
      status: 429, isRetryable: true, retryAfterMs: Math.min(this.ageMs, LONGEST_RETRY_MS),
    });
  }
}
