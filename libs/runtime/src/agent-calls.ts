import type { ChannelBus, Message, Subscription } from '@nexus/channels';
import type { IncomingRequest, ProcessedRequest } from '@nexus/contracts';
import type { Clock, TraceContext } from '@nexus/core';
import type { Publisher } from './keys/publisher-signature.js';
import { PendingAgentCall } from './pending-agent-call.js';
import { ProgressFeed, type ProgressListener } from './progress-feed.js';

export interface AgentCallOptions {
  /** Whom the message is published for; the caller has checked the key. */
  readonly publisher: Publisher;
  /** The same id again starts nothing and gets the same answer. */
  readonly messageId: string;
  /** The asker knows the message id and can use it again: then to retry is safe where nobody knows whether the run began. Default false. */
  readonly isRepeatable?: boolean;
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

/** Publishes messages to agents in the name of callers whose keys were checked, and brings back what is said about them. */
export class AgentCalls {
  /** The live parts of all runs; also for those who ask about a run that they did not start. */
  readonly progress: ProgressFeed;
  private readonly calls = new Map<string, Set<PendingAgentCall>>();
  private readonly replies: Subscription;

  constructor(private readonly options: AgentCallsOptions) {
    this.progress = new ProgressFeed(options.bus);
    this.replies = options.bus.followReplies('requests.processed', options.replyTo, (batch) => this.onProcessed(batch));
  }

  /** Publishes the message, and again until it is heard of, as Redis may lose what Postgres has not yet got. */
  ask(request: IncomingRequest, options: AgentCallOptions): AgentCall {
    const key = keyOf(options.publisher.tenantId, options.messageId);
    const call = new PendingAgentCall(request, options, this.options, this.progress, () => this.remove(key, call));
    const calls = this.calls.get(key) ?? new Set();
    this.calls.set(key, calls.add(call));
    call.begin(this.replies.ready);
    return call;
  }

  /** Ends what is under way with `stopping` (503). */
  async stop(): Promise<void> {
    for (const calls of [...this.calls.values()]) {
      for (const call of [...calls]) call.stop();
    }
    await Promise.all([this.replies.stop(), this.progress.stop()]);
  }

  private onProcessed(batch: readonly Message<'requests.processed'>[]): void {
    for (const { tenantId, payload } of batch) {
      for (const call of [...(this.calls.get(keyOf(tenantId, payload.messageId)) ?? [])]) call.onAnswer(payload);
    }
  }

  private remove(key: string, call: PendingAgentCall): void {
    const calls = this.calls.get(key);
    calls?.delete(call);
    if (calls?.size === 0) this.calls.delete(key);
  }
}

function keyOf(tenantId: string, messageId: string): string {
  return `${tenantId} ${messageId}`;
}
