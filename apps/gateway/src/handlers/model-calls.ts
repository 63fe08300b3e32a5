import { create } from '@bufbuild/protobuf';
import type { ChannelBus, Message, Subscription } from '@nexus/channels';
import { CancelInferenceSchema, type InferenceRequest, type InferenceResponse } from '@nexus/contracts';
import { AppError, failpoint, newId, type Clock, type TraceContext } from '@nexus/core';
import { keyInFlight, keyReused } from '@nexus/runtime';
import { PartOrder } from '../domain/part-order.js';

/** Who waits for a model call. After onEnd or onFailure nothing more comes. */
export interface ModelCallListener {
  /** Server-sent events of a stream, as bytes, in order and without gaps. */
  onEvents(events: Uint8Array): void;
  /** The answer, after all events. */
  onEnd(response: InferenceResponse): void;
  onFailure(error: AppError): void;
}

export interface ModelCallOptions {
  readonly tenantId: string;
  /** The asker can name the attempt again: then to retry is safe where nobody knows whether the call was made. */
  readonly isRepeatable: boolean;
  readonly correlationId: string;
  readonly trace: TraceContext;
}

interface Waiter {
  readonly listener: ModelCallListener;
  readonly tenantId: string;
  readonly isRepeatable: boolean;
  readonly hash: string;
  readonly deadlineMs: number;
  readonly parts: PartOrder;
  response: InferenceResponse | undefined;
  /** When the answer came before its last parts: until when they may still come. */
  partsUntil: number;
}

export interface ModelCallsOptions {
  readonly bus: Pick<ChannelBus, 'publish' | 'followReplies' | 'ping'>;
  readonly replyTo: string;
  readonly clock: Clock;
  /** Milliseconds without a sign of life from the bus after which waiting calls are given up. */
  readonly busLostMs: number;
}

const SWEEP_MS = 250;
const LATE_PARTS_MS = 2_000;

/** Model calls that this replica asked for on inference.request, each with whoever waits for it. */
export class ModelCalls {
  private readonly waiters = new Map<string, Waiter>();
  private readonly subscriptions: Subscription[];
  private readonly sweeper: NodeJS.Timeout;
  /** Turns of the sweeper since the bus last gave a sign of life. */
  private silentSweeps = 0;
  private isPinging = false;

  constructor(private readonly options: ModelCallsOptions) {
    const { bus, replyTo } = options;
    this.subscriptions = [
      bus.followReplies('requests.progress', replyTo, (batch) => this.onParts(batch)),
      bus.followReplies('inference.response', replyTo, (batch) => this.onResponses(batch)),
    ];
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Resolves when answers are heard. */
  get ready(): Promise<unknown> {
    return Promise.all(this.subscriptions.map((subscription) => subscription.ready));
  }

  /**
   * Publishes the request, and gives what ends the waiting: then the router stops the call, settling what it cost until then; one that
   * can be asked for again goes on, as its answer is kept. Throws `in_progress` (409) or `idempotency_key_reused` (422) when the
   * attempt is under way here; whatever else goes wrong is told to the listener, never before this returns.
   */
  start(request: InferenceRequest, listener: ModelCallListener, { tenantId, isRepeatable, correlationId, trace }: ModelCallOptions): () => void {
    const { attemptId } = request;
    const first = this.waiters.get(attemptId);
    if (first !== undefined) throw first.hash === request.idempotencyHash ? keyInFlight() : keyReused();
    failpoint('gateway.before-publish');
    const waiter: Waiter = { listener, tenantId, isRepeatable, hash: request.idempotencyHash, deadlineMs: Number(request.deadlineMs), parts: new PartOrder(), response: undefined, partsUntil: 0 };
    this.waiters.set(attemptId, waiter);
    this.options.bus
      .publish({ channel: 'inference.request', id: attemptId, payload: request, tenantId, correlationId, replyTo: this.options.replyTo, trace })
      .catch((error: unknown) => this.fail(attemptId, AppError.from(error)));
    return () => this.cancel(attemptId, waiter);
  }

  private cancel(attemptId: string, waiter: Waiter): void {
    if (this.waiters.get(attemptId) !== waiter) return;
    this.waiters.delete(attemptId);
    this.stopCall(attemptId, waiter);
  }

  /** Not of one whose answer can be asked for again. */
  private stopCall(attemptId: string, waiter: Waiter): void {
    if (waiter.isRepeatable) return;
    const payload = create(CancelInferenceSchema, { target: { case: 'attemptId', value: attemptId } });
    this.options.bus.publish({ channel: 'inference.cancel', id: newId(), payload, tenantId: waiter.tenantId }).catch(() => undefined); // then the call runs to its end
  }

  /** Fails what still waits, with `stopping` (503), and stops the calls. */
  giveUp(): void {
    for (const [attemptId, waiter] of [...this.waiters]) {
      this.fail(attemptId, new AppError('stopping', 'This replica is stopping.', { status: 503, isRetryable: true }));
      this.stopCall(attemptId, waiter);
    }
  }

  /** Gives up what still waits. */
  async stop(): Promise<void> {
    clearInterval(this.sweeper);
    this.giveUp();
    await Promise.all(this.subscriptions.map((subscription) => subscription.stop()));
  }

  private onParts(batch: readonly Message<'requests.progress'>[]): void {
    this.silentSweeps = 0;
    for (const { payload } of batch) {
      const attemptId = payload.messageId;
      const waiter = this.waiters.get(attemptId);
      if (!waiter || payload.part.case !== 'events') continue;
      const place = waiter.parts.place(payload.seq);
      if (place === 'gap') this.interrupt(attemptId, waiter);
      else if (place === 'next') {
        waiter.listener.onEvents(payload.part.value);
        if (waiter.response) this.endIfComplete(attemptId, waiter, waiter.response);
      }
    }
  }

  private onResponses(batch: readonly Message<'inference.response'>[]): void {
    this.silentSweeps = 0;
    for (const { payload } of batch) {
      const waiter = this.waiters.get(payload.attemptId);
      if (!waiter) continue;
      waiter.response = payload;
      waiter.partsUntil = this.options.clock.now() + LATE_PARTS_MS;
      this.endIfComplete(payload.attemptId, waiter, payload);
    }
  }

  /** Parts and answer travel on two streams: the answer may be here before the last part. */
  private endIfComplete(attemptId: string, waiter: Waiter, response: InferenceResponse): void {
    if (waiter.parts.seen < response.parts) return;
    this.waiters.delete(attemptId);
    waiter.listener.onEnd(response);
  }

  private sweep(): void {
    if (this.waiters.size === 0) {
      this.silentSweeps = 0;
      return;
    }
    const now = this.options.clock.now();
    for (const [attemptId, waiter] of this.waiters) {
      if (waiter.response && waiter.partsUntil < now) this.interrupt(attemptId, waiter);
      else if (waiter.deadlineMs < now) {
        this.cancel(attemptId, waiter);
        waiter.listener.onFailure(new AppError('timeout', waiter.isRepeatable ? 'No answer came in time.' : 'No answer came in time; the model call was cancelled.', { status: 504 }));
      }
    }
    this.watchBus();
  }

  /** A bus that is away may come back with the answers, so it is given a while; then waiting makes no sense. */
  private watchBus(): void {
    if (++this.silentSweeps * SWEEP_MS > this.options.busLostMs) {
      for (const attemptId of [...this.waiters.keys()]) {
        this.fail(attemptId, new AppError('bus_unavailable', 'The connection to the message bus was lost while the answer was awaited.', { status: 503, isRetryable: true }));
      }
      return;
    }
    if (this.isPinging) return;
    this.isPinging = true;
    this.options.bus
      .ping()
      .then(() => (this.silentSweeps = 0), () => undefined)
      .finally(() => (this.isPinging = false));
  }

  private interrupt(attemptId: string, waiter: Waiter): void {
    this.cancel(attemptId, waiter);
    waiter.listener.onFailure(new AppError('stream_interrupted', 'Parts of the stream were lost on the way. Ask again.', { status: 502, isRetryable: waiter.isRepeatable }));
  }

  /** Nobody knows whether the call was made, so only a retry of the same attempt is safe. */
  private fail(attemptId: string, error: AppError): void {
    const waiter = this.waiters.get(attemptId);
    if (!waiter) return;
    this.waiters.delete(attemptId);
    const isRetryable = error.isRetryable && waiter.isRepeatable;
    const hint = isRetryable ? '' : ' The call may have been made: with an Idempotency-Key a retry is never charged twice.';
    waiter.listener.onFailure(new AppError(error.code, error.message + hint, { status: error.status, isRetryable, cause: error }));
  }
}
