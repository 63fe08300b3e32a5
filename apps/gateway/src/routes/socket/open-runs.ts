import { AppError } from '@nexus/core';
import type { ErrorSubject } from './server-frame.js';

/** What a client is told of: a run by its message, or a queued task. */
export interface OpenSubject {
  readonly messageId?: string;
  /** Undefined as long as nobody has said which run it is. */
  readonly runId?: string | undefined;
  readonly taskId?: string;
  /** Asks for the run to be stopped, before it can be found. */
  readonly stopRun?: () => void;
}

const ROOM_AGAIN_MS = 1_000;

/** One thing that a client is told of. */
class OpenRun {
  isOver = false;
  private whenEnded: (() => void) | undefined;

  constructor(
    readonly subject: OpenSubject,
    private readonly forget: () => void,
  ) {}

  /** Called once when it ends; soon when it has. */
  onEnd(listener: () => void): void {
    if (this.isOver) queueMicrotask(listener); // whoever asks is not ready for it yet
    else this.whenEnded = listener;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.forget();
    this.whenEnded?.();
  }
}

/** All that one client is told of, at most so many at once. */
export class OpenRuns {
  private readonly open = new Set<OpenRun>();
  /** The client is gone. */
  private isClosed = false;

  constructor(private readonly most: number) {}

  has(messageId: string): boolean {
    return this.find({ message_id: messageId }) !== undefined;
  }

  /** Throws AppError `too_many_requests` (429). */
  requireRoom(): void {
    if (this.open.size < this.most) return;
    throw new AppError('too_many_requests', `${this.most} messages and subscriptions of this connection have no answer yet. Send the next one when one has.`, { status: 429, isRetryable: true, retryAfterMs: ROOM_AGAIN_MS });
  }

  add(subject: OpenSubject): OpenRun {
    const run = new OpenRun(subject, () => this.open.delete(run));
    this.open.add(run);
    if (this.isClosed) run.end(); // what a frame asked for while its client left
    return run;
  }

  /** Tells no more of it. */
  end(subject: ErrorSubject): void {
    this.find(subject)?.end();
  }

  /** Also what is added from now on. */
  endAll(): void {
    this.isClosed = true;
    for (const run of [...this.open]) run.end();
  }

  /** False when nothing of this message is under way here. */
  stopRun(messageId: string): boolean {
    const stop = this.find({ message_id: messageId })?.subject.stopRun;
    stop?.();
    return stop !== undefined;
  }

  private find({ message_id: messageId, run_id: runId, task_id: taskId }: ErrorSubject): OpenRun | undefined {
    for (const run of this.open) {
      const { subject } = run;
      if ((messageId !== undefined && subject.messageId === messageId) || (runId !== undefined && subject.runId === runId) || (taskId !== undefined && subject.taskId === taskId)) return run;
    }
    return undefined;
  }
}
