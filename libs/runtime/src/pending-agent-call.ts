import { create } from '@bufbuild/protobuf';
import type { ChannelBus, OutgoingMessage } from '@nexus/channels';
import { IncomingRequestSchema, Outcome, Progress, fromWireError, metadataKeys, type IncomingRequest, type Metadata, type ProcessedRequest } from '@nexus/contracts';
import { AppError, newId, type Clock, type TraceContext } from '@nexus/core';
import { signPublisher, type Publisher } from './keys/publisher-signature.js';
import type { ProgressFeed, ProgressListener, ProgressMessage } from './progress-feed.js';

export interface AgentCallOptions {
  /** Whom the message is published for; the caller has checked the key. */
  readonly publisher: Publisher;
  /** The same id again starts nothing and gets the same answer. */
  readonly messageId: string;
  /** The asker knows the message id and can use it again: then to retry is safe where nobody knows whether the run began. Default false. */
  readonly isRepeatable?: boolean;
  /** What the message asks, as a hash: when its id was used for something else, it is refused with `idempotency_key_reused` (422). */
  readonly requestHash?: string | undefined;
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
  /** Asks for the run to be stopped, also where it has not begun yet; the answer says how it ended. */
  stopRun(): void;
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
  /** Milliseconds until a call is given up that cannot listen for its answer, and so was never published; default 5,000. */
  readonly listenWithinMs?: number;
}

const SLOWEST_REPUBLISH_MS = 30_000;
/** The orchestrator ends a run at its deadline and says so; only when that is not heard either is it ended here. */
const AFTER_DEADLINE_MS = 5_000;
/** Parts and answer travel on two streams: for this long after the answer its last parts are still passed on. */
const LATE_PARTS_MS = 1_000;
/** The answer of a run whose last step was heard is nearly here, or goes to somebody else. */
const ASK_SOON_MS = 500;

/** One message of AgentCalls, from its first publish to its answer. */
export class PendingAgentCall implements AgentCall {
  private readonly acceptance = Promise.withResolvers<AcceptedRun>();
  private readonly completion = Promise.withResolvers<ProcessedRequest>();
  readonly accepted = this.acceptance.promise;
  readonly answer = this.completion.promise;
  private stopListening: (() => void) | undefined;
  private readonly onAbort = (): void => this.cancel();
  private republishTimer: NodeJS.Timeout | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private acceptTimer: NodeJS.Timeout | undefined;
  private listenTimer: NodeJS.Timeout | undefined;
  private isAccepted = false;
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
    if (this.wantsProgress) this.listenTo(call.messageId);
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
    if (this.wantsProgress) this.acceptTimer = setTimeout(() => this.acceptance.reject(this.notAcceptedInTime()), this.shared.acceptWithinMs ?? 30_000);
    const listening = this.wantsProgress ? Promise.all([repliesReady, this.progress.ready]) : repliesReady;
    this.listenTimer = setTimeout(() => this.fail(deaf()), this.shared.listenWithinMs ?? 5_000);
    void listening.then(() => {
      clearTimeout(this.listenTimer);
      this.publish(this.shared.republishMs ?? 2_000, true);
    });
  }

  onAnswer(answer: ProcessedRequest, metadata: Metadata): void {
    if (this.isOver || this.isOfOther(metadata)) return;
    // a run that was refused later, for want of budget say, was accepted all the same
    if (answer.outcome === Outcome.REFUSED && answer.runId === '') this.acceptance.reject(refusalOf(answer));
    else this.acceptance.resolve({ runId: answer.runId, threadId: answer.threadId, queuedBehind: 0 });
    this.completion.resolve(answer);
    this.end(LATE_PARTS_MS);
  }

  fail(error: AppError): void {
    if (this.isOver) return;
    this.acceptance.reject(error);
    this.completion.reject(error);
    this.end(0);
  }

  /** Nobody here hears the answer any more. */
  stop(): void {
    this.fail(new AppError('stopping', 'This replica is stopping. Retry with the same idempotency key.', { status: 503, isRetryable: this.call.isRepeatable ?? false }));
  }

  stopRun(): void {
    if (this.isOver) return;
    const request = create(IncomingRequestSchema, { cancelsMessageId: this.call.messageId, surface: this.request.surface });
    this.shared.bus.publish(this.envelope(newId(), request)).catch(() => undefined); // then the run goes on until its deadline
  }

  forget(): void {
    this.fail(new AppError('forgotten', 'Nobody waits for this answer.'));
  }

  private listenTo(runOrMessageId: string): void {
    this.stopListening?.();
    this.stopListening = this.progress.listen(this.call.publisher.tenantId, runOrMessageId, (message) => this.onProgress(message));
  }

  private onProgress(message: ProgressMessage): void {
    if (this.isOfOther(message.metadata)) return;
    const { part, runId } = message.payload;
    if (part.case === 'accepted') {
      clearTimeout(this.acceptTimer);
      if (!this.isAccepted) this.listenTo(runId); // deltas name the run only
      this.isAccepted = true;
      this.acceptance.resolve({ runId, threadId: part.value.threadId, queuedBehind: part.value.queuedBehind });
      this.republishLater(SLOWEST_REPUBLISH_MS);
    }
    if (part.case === 'stepFinished' && this.call.requestHash !== undefined && !this.isOver) this.askSoon();
    this.call.onProgress?.(message);
  }

  /** Of another request that was asked under the same message id. */
  private isOfOther(metadata: Metadata): boolean {
    const hash = metadata[metadataKeys.requestHash];
    return hash !== undefined && this.call.requestHash !== undefined && hash !== this.call.requestHash;
  }

  /** The step may have been the last, and the answer may go to whoever asked first: the same message again brings it here. */
  private askSoon(): void {
    clearTimeout(this.republishTimer);
    this.republishTimer = setTimeout(() => this.publish(SLOWEST_REPUBLISH_MS, false), ASK_SOON_MS);
  }

  private cancel(): void {
    if (this.isOver) return;
    this.stopRun();
    this.fail(cancelled());
  }

  private publish(retryMs: number, isFirst: boolean): void {
    if (this.isOver) return;
    this.shared.bus.publish(this.envelope(this.call.messageId, this.request)).then(
      () => this.republishLater(retryMs),
      (error: unknown) => (isFirst ? this.fail(this.notPublished(AppError.from(error))) : this.republishLater(retryMs)),
    );
  }

  /** It may have been published all the same: another id would be another run. */
  private notPublished(error: AppError): AppError {
    return new AppError(error.code, error.message, { status: error.status, isRetryable: error.isRetryable && this.call.isRepeatable === true, cause: error });
  }

  private notAcceptedInTime(): AppError {
    return new AppError('not_accepted_in_time', 'Nothing has confirmed the message yet; it may still start. Retry with the same idempotency key.', { status: 503, isRetryable: this.call.isRepeatable ?? false });
  }

  /** Slowly also after the acceptance, for the answer too may get lost: the same id again brings it back. */
  private republishLater(waitMs: number): void {
    clearTimeout(this.republishTimer);
    if (this.isOver) return;
    const wait = this.isAccepted ? SLOWEST_REPUBLISH_MS : Math.min(waitMs, SLOWEST_REPUBLISH_MS);
    this.republishTimer = setTimeout(() => this.publish(wait * 2, false), wait);
  }

  private envelope(id: string, payload: IncomingRequest): OutgoingMessage<'requests.incoming'> {
    const { publisher, correlationId, trace, requestHash } = this.call;
    const isMessage = id === this.call.messageId;
    return {
      channel: 'requests.incoming',
      id,
      payload,
      correlationId: correlationId ?? this.call.messageId,
      replyTo: this.shared.replyTo,
      trace,
      metadata: {
        [metadataKeys.authorization]: signPublisher(this.shared.serviceToken, publisher, id),
        ...(isMessage && requestHash !== undefined && { [metadataKeys.requestHash]: requestHash }),
      },
      partitionKey: payload.threadId || this.call.messageId,
    };
  }

  private end(listenMs: number): void {
    this.isOver = true;
    clearTimeout(this.republishTimer);
    clearTimeout(this.deadlineTimer);
    clearTimeout(this.acceptTimer);
    clearTimeout(this.listenTimer);
    this.call.signal?.removeEventListener('abort', this.onAbort);
    if (listenMs > 0 && this.stopListening) setTimeout(() => this.stopListening?.(), listenMs).unref();
    else this.stopListening?.();
    this.onOver();
  }
}

function refusalOf({ error }: ProcessedRequest): AppError {
  return error === undefined ? new AppError('internal', 'The message was refused without a reason.') : fromWireError(error);
}

/** Nothing was published, so whoever asks again asks once. */
function deaf(): AppError {
  return new AppError('bus_unavailable', 'Redis does not answer. Retry in a moment.', { status: 503, isRetryable: true });
}

function cancelled(): AppError {
  return new AppError('run_cancelled', 'The run was cancelled.', { status: 499 });
}
