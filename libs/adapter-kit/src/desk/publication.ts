import { AppError, backoffMs } from '@nexus/core';
import type { IncomingRequest } from '@nexus/contracts';
import type { OpenMessage } from '../messages/open-message.js';
import type { OpenMessages } from '../messages/open-messages.js';
import type { AdapterObserver } from '../observer.js';
import type { AdapterTransport } from '../transport/adapter-transport.js';

export interface PublicationParts {
  readonly transport: AdapterTransport;
  readonly messages: OpenMessages;
  readonly observer: AdapterObserver;
  readonly republishMs: number;
}

const LONGEST_MS = 30_000;
/** What is confirmed is sent again after so many times the first wait. */
const WAITS_WHEN_ACCEPTED = 15;
const OVERLOAD_MS = 500;

/**
 * One message on its way: it is sent, and again and again, ever more slowly, until it is confirmed; and after that still now and then until its
 * answer is there, since an answer too may get lost.
 */
export class Publication {
  isAccepted = false;
  hasBegun = false;
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private waitMs: number;

  constructor(
    private readonly message: OpenMessage,
    private readonly request: IncomingRequest,
    private readonly parts: PublicationParts,
  ) {
    this.waitMs = parts.republishMs;
  }

  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    void this.publish();
  }

  accepted(): void {
    if (this.isAccepted || this.isOver) return;
    this.isAccepted = true;
    this.later(this.patienceMs);
  }

  /** It was refused for overload: sent again after this time at the earliest. */
  refused(times: number, retryAfterMs: number): void {
    this.isAccepted = false;
    this.later(Math.max(retryAfterMs, OVERLOAD_MS + backoffMs(times, OVERLOAD_MS, LONGEST_MS)));
  }

  /** Sent again at once, if it was sent before. */
  again(): void {
    if (this.hasBegun && !this.isOver) void this.republish();
  }

  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  private async republish(): Promise<void> {
    clearTimeout(this.timer);
    this.parts.observer.count?.('republished');
    this.parts.messages.keep(this.message).catch(() => undefined); // should the memory have lost it
    await this.publish();
  }

  private async publish(): Promise<void> {
    const { id, record } = this.message;
    clearTimeout(this.timer);
    try {
      await this.parts.transport.send({ id, request: this.request, traceparent: record.traceparent });
    } catch (error) {
      this.parts.observer.problem?.('publish', AppError.from(error));
    }
    const waitMs = this.isAccepted ? this.patienceMs : this.waitMs;
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_MS);
    this.later(waitMs);
  }

  private get patienceMs(): number {
    return Math.min(this.parts.republishMs * WAITS_WHEN_ACCEPTED, LONGEST_MS);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isOver) this.timer = setTimeout(() => void this.republish(), ms);
  }
}
