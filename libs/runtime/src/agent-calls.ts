import { create } from '@bufbuild/protobuf';
import type { ChannelBus, Message, OutgoingMessage, Subscription } from '@nexus/channels';
import { IncomingRequestSchema, Outcome, Progress, metadataKeys, type IncomingRequest, type ProcessedRequest } from '@nexus/contracts';
import { AppError, newId, type Clock, type TraceContext } from '@nexus/core';
import { signPublisher, type Publisher } from './keys/publisher-signature.js';
import { ProgressFeed, type ProgressListener, type ProgressMessage } from './progress-feed.js';

export interface AgentCallOptions {
  /** Whom the message is published for; the caller has checked the key. */
  readonly publisher: Publisher;
  /** The same id again starts nothing and gets the same answer. */
  readonly messageId: string;
  readonly correlationId?: string;
  readonly trace?: TraceContext | undefined;
  /** Hears the live parts, as far as `request.progress` asks for them. */
  readonly onProgress?: ProgressListener;
  /** Aborting cancels the run and rejects what is awaited. */
  readonly signal?: AbortSignal;
}

/** A run whose start is committed: it will be answered, whatever happens. */
export interface AcceptedRun {
  readonly runId: string;
  readonly threadId: string;
  /** Runs that the thread finishes first. */
  readonly queuedBehind: number;
}

/** A message under way to an agent. Both promises may be left alone. */
export interface AgentCall {
  /** Rejects with the refusal, or with `not_accepted_in_time` (503): then the message may still start a run. Needs progress of STEPS or more. */
  readonly accepted: Promise<AcceptedRun>;
  /** The one answer, whatever its outcome. Rejects when it is aborted or its deadline has passed. */
  readonly answer: Promise<ProcessedRequest>;
  /** Waits no longer; the run goes on. */
  forget(): void;
}

export interface AgentCallsOptions {
  readonly bus: Pick<ChannelBus, 'publish' | 'follow' | 'followReplies'>;
  readonly serviceToken: string;
  /** This replica's own name, different from every other's: `<service>.<replica>`. */
  readonly replyTo: string;
  readonly clock: Clock;
  /** Milliseconds until a message that was not heard of is published again, doubling up to 30 s; default 2,000. */
  readonly republishMs?: number;
  /** Default 30,000 ms. */
  readonly acceptWithinMs?: number;
}

const SLOWEST_REPUBLISH_MS = 30_000;
/** The orchestrator ends a run at its deadline and says so; only when that is not heard either is it ended here. */
const AFTER_DEADLINE_MS = 5_000;

/** Publishes messages to agents in the name of callers whose keys were checked, and brings back what is said about them. */
export class AgentCalls {
  /** The live parts of all runs; also for those who ask about a run that they did not start. */
  readonly progress: ProgressFeed;
  private readonly calls = new Map<string, Set<PendingCall>>();
  private readonly replies: Subscription;

  constructor(private readonly options: AgentCallsOptions) {
    this.progress = new ProgressFeed(options.bus);
    this.replies = options.bus.followReplies('requests.processed', options.replyTo, (batch) => this.onProcessed(batch));
  }

  /** Publishes the message, and again until it is heard of, as Redis may lose what Postgres has not yet got. */
  ask(request: IncomingRequest, options: AgentCallOptions): AgentCall {
    const key = keyOf(options.publisher.tenantId, options.messageId);
    const call = new PendingCall(request, options, this.options, this.progress, () => this.remove(key, call));
    const calls = this.calls.get(key) ?? new Set();
    this.calls.set(key, calls.add(call));
    call.begin(this.replies.ready);
    return call;
  }

  /** Ends what is under way with `stopping` (503). */
  async stop(): Promise<void> {
    for (const calls of [...this.calls.values()]) {
      for (const call of [...calls]) call.fail(new AppError('stopping', 'This replica is stopping. Retry with the same idempotency key.', { status: 503, isRetryable: true }));
    }
    await Promise.all([this.replies.stop(), this.progress.stop()]);
  }

  private onProcessed(batch: readonly Message<'requests.processed'>[]): void {
    for (const { tenantId, payload } of batch) {
      for (const call of [...(this.calls.get(keyOf(tenantId, payload.messageId)) ?? [])]) call.onAnswer(payload);
    }
  }

  private remove(key: string, call: PendingCall): void {
    const calls = this.calls.get(key);
    calls?.delete(call);
    if (calls?.size === 0) this.calls.delete(key);
  }
}

function keyOf(tenantId: string, messageId: string): string {
  return `${tenantId} ${messageId}`;
}

class PendingCall implements AgentCall {
  private readonly acceptance = Promise.withResolvers<AcceptedRun>();
  private readonly completion = Promise.withResolvers<ProcessedRequest>();
  readonly accepted = this.acceptance.promise;
  readonly answer = this.completion.promise;
  private readonly stopListening: (() => void) | undefined;
  private readonly onAbort = (): void => this.cancel();
  private republishTimer: NodeJS.Timeout | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private acceptTimer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    private readonly request: IncomingRequest,
    private readonly call: AgentCallOptions,
    private readonly shared: AgentCallsOptions,
    private readonly progress: ProgressFeed,
    private readonly onOver: () => void,
  ) {
    this.accepted.catch(() => undefined);
    this.answer.catch(() => undefined);
    if (this.wantsProgress) this.stopListening = progress.listen(call.publisher.tenantId, call.messageId, (message) => this.onProgress(message));
  }

  private get wantsProgress(): boolean {
    return this.request.progress >= Progress.STEPS;
  }

  begin(repliesReady: Promise<void>): void {
    const { signal } = this.call;
    if (signal?.aborted) return this.fail(cancelled());
    signal?.addEventListener('abort', this.onAbort);
    if (this.request.deadlineMs > 0n) {
      const waitMs = Number(this.request.deadlineMs) + AFTER_DEADLINE_MS - this.shared.clock.now();
      this.deadlineTimer = setTimeout(() => this.fail(new AppError('timeout', 'No answer came in time.', { status: 504 })), Math.max(waitMs, 0));
    }
    if (this.wantsProgress) this.acceptTimer = setTimeout(() => this.acceptance.reject(notAcceptedInTime()), this.shared.acceptWithinMs ?? 30_000);
    const listening = this.wantsProgress ? Promise.all([repliesReady, this.progress.ready]) : repliesReady;
    void listening.then(() => this.publish(this.shared.republishMs ?? 2_000, true));
  }

  onAnswer(answer: ProcessedRequest): void {
    if (this.isOver) return;
    if (answer.outcome === Outcome.REFUSED) this.acceptance.reject(refusal(answer));
    else this.acceptance.resolve({ runId: answer.runId, threadId: answer.threadId, queuedBehind: 0 });
    this.completion.resolve(answer);
    this.end();
  }

  fail(error: AppError): void {
    if (this.isOver) return;
    this.acceptance.reject(error);
    this.completion.reject(error);
    this.end();
  }

  forget(): void {
    this.fail(new AppError('forgotten', 'Nobody waits for this answer.'));
  }

  private onProgress(message: ProgressMessage): void {
    if (this.isOver) return;
    const { part, runId } = message.payload;
    if (part.case === 'accepted') {
      clearTimeout(this.acceptTimer);
      this.acceptance.resolve({ runId, threadId: part.value.threadId, queuedBehind: part.value.queuedBehind });
      this.republishLater(SLOWEST_REPUBLISH_MS); // the answer too may get lost: the same id again brings it back
    }
    this.call.onProgress?.(message);
  }

  private cancel(): void {
    if (this.isOver) return;
    const id = newId();
    const request = create(IncomingRequestSchema, { cancelsMessageId: this.call.messageId, surface: this.request.surface });
    this.shared.bus.publish(this.envelope(id, request)).catch(() => undefined); // then the run goes on until its deadline
    this.fail(cancelled());
  }

  private publish(retryMs: number, isFirst: boolean): void {
    if (this.isOver) return;
    this.shared.bus.publish(this.envelope(this.call.messageId, this.request)).then(
      () => this.republishLater(retryMs),
      (error: unknown) => (isFirst ? this.fail(AppError.from(error)) : this.republishLater(retryMs)),
    );
  }

  private republishLater(waitMs: number): void {
    clearTimeout(this.republishTimer);
    if (this.isOver) return;
    this.republishTimer = setTimeout(() => this.publish(Math.min(waitMs * 2, SLOWEST_REPUBLISH_MS), false), waitMs);
  }

  private envelope(id: string, payload: IncomingRequest): OutgoingMessage<'requests.incoming'> {
    const { publisher, correlationId, trace } = this.call;
    return {
      channel: 'requests.incoming',
      id,
      payload,
      correlationId: correlationId ?? this.call.messageId,
      replyTo: this.shared.replyTo,
      trace,
      metadata: { [metadataKeys.authorization]: signPublisher(this.shared.serviceToken, publisher, id) },
      partitionKey: payload.threadId || this.call.messageId,
    };
  }

  private end(): void {
    this.isOver = true;
    clearTimeout(this.republishTimer);
    clearTimeout(this.deadlineTimer);
    clearTimeout(this.acceptTimer);
    this.call.signal?.removeEventListener('abort', this.onAbort);
    this.stopListening?.();
    this.onOver();
  }
}

function refusal(answer: ProcessedRequest): AppError {
  const { error } = answer;
  if (error === undefined) return new AppError('internal', 'The message was refused without a reason.');
  return new AppError(error.code, error.message, {
    status: error.status || 500,
    isRetryable: error.isRetryable,
    ...(error.param && { param: error.param }),
    ...(error.retryAfterMs > 0n && { retryAfterMs: Number(error.retryAfterMs) }),
  });
}

function cancelled(): AppError {
  return new AppError('run_cancelled', 'The run was cancelled.', { status: 499 });
}

function notAcceptedInTime(): AppError {
  return new AppError('not_accepted_in_time', 'Nothing has confirmed the message yet; it may still start. Retry with the same idempotency key.', { status: 503, isRetryable: true });
}
