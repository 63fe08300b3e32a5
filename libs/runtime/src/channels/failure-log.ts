import type { ChannelName } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Logger } from '../logger.js';

/** What fails may be tried again many times a second: of each channel and code one line in this time is enough. */
const EVERY_MS = 10_000;

/** Says why messages cannot be handled: they are tried again without an end while the surroundings are at fault, and nobody else tells. */
export class FailureLog {
  private readonly toldAt = new Map<string, number>();

  constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  report(channel: ChannelName, error: unknown, now = performance.now()): void {
    const { code, isRetryable } = AppError.from(error);
    const key = `${channel} ${code}`;
    if (now - (this.toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    this.toldAt.set(key, now);
    this.logger.warn({ channel, code, error }, isRetryable ? 'messages cannot be handled now; they are tried again' : 'a message cannot be handled');
  }
}
