import type { Clock } from '@nexus/core';

/** A model call that this replica makes now. */
export interface CallUnderWay {
  /** Aborts when nobody waits for it any more. */
  readonly stop: AbortController;
  readonly runId: string | undefined;
  /** Who gets its answer. */
  readonly replyTo: string | undefined;
  /** Micro-USD spent so far on the way to the answer: to classify the request, to compare it with others. */
  besideMicroUsd: number;
}

/** A cancel may overtake the request that it concerns, by this much. */
const REMEMBER_MS = 60_000;

/** The model calls that this replica makes now, so that a cancel finds them, also when it comes first. */
export class CallsUnderWay {
  private readonly calls = new Map<string, CallUnderWay>();
  /** Attempts and runs that were cancelled, with the time until which that counts; the oldest first. */
  private readonly cancelled = new Map<string, { readonly until: number; readonly at: number }>();

  constructor(private readonly clock: Clock) {}

  find(attemptId: string): CallUnderWay | undefined {
    return this.calls.get(attemptId);
  }

  /**
   * Must not be under way. Its `stop` is aborted already when its cancel came first. `askedAt` is when it was asked for, Unix
   * milliseconds, where that counts: who asks again under an idempotency key after a cancel means it.
   */
  begin(attemptId: string, runId: string | undefined, replyTo: string | undefined, askedAt = -Infinity): CallUnderWay {
    const call = { stop: new AbortController(), runId, replyTo, besideMicroUsd: 0 };
    this.calls.set(attemptId, call);
    if (this.isCancelled(attemptId, askedAt) || (runId !== undefined && this.isCancelled(runId))) call.stop.abort();
    return call;
  }

  /** A further attempt of a call under way. */
  goOn(attemptId: string, call: CallUnderWay): void {
    this.calls.set(attemptId, call);
  }

  end(attemptId: string): void {
    this.calls.delete(attemptId);
  }

  /** `at` is when that was said, Unix milliseconds. */
  cancelAttempt(attemptId: string, at = Infinity): void {
    this.remember(attemptId, at);
    this.calls.get(attemptId)?.stop.abort();
  }

  cancelRun(runId: string): void {
    this.remember(runId, Infinity);
    for (const call of this.calls.values()) if (call.runId === runId) call.stop.abort();
  }

  private isCancelled(id: string, askedAt = -Infinity): boolean {
    const cancelled = this.cancelled.get(id);
    return cancelled !== undefined && cancelled.until > this.clock.now() && askedAt <= cancelled.at;
  }

  private remember(id: string, at: number): void {
    const now = this.clock.now();
    for (const [oldest, { until }] of this.cancelled) {
      if (until > now) break;
      this.cancelled.delete(oldest);
    }
    this.cancelled.delete(id);
    this.cancelled.set(id, { until: now + REMEMBER_MS, at });
  }
}
