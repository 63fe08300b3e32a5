import type { Message, Subscription } from '@nexus/channels';
import type { IncomingRequest } from '@nexus/contracts';
import { PendingAgentCall, type AgentCall, type AgentCallOptions, type AgentCallsOptions } from './pending-agent-call.js';
import { ProgressFeed } from './progress-feed.js';

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
    for (const { tenantId, payload, metadata } of batch) {
      for (const call of [...(this.calls.get(keyOf(tenantId, payload.messageId)) ?? [])]) call.onAnswer(payload, metadata);
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
