import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message, type OutgoingMessage, type Subscription } from '@nexus/channels';
import { FinishReason, Outcome, ProcessedRequestSchema, Progress, ProgressPartSchema, RoutingSchema, RunStatus, type ProcessedRequest, type ProgressPart } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { verifyPublisher } from '@nexus/runtime';
import type { StoredRun } from './fake-neighbours.js';

/** How the model of `auto` was chosen. */
const ROUTING = create(RoutingSchema, { requested: 'auto', model: 'bench/fake', tier: 'fast', confidence: 0.9, reason: 'short', classifier: 'rules', fallbacks: [{ model: 'bench/dear', code: 'rate_limit', reason: 'full' }] });

type Incoming = Message<'requests.incoming'>;

export const ANSWER = 'It is 224, and noon in Tokyo.';

/** A stand-in for orchestrator: accepts messages and answers them, in two steps with a tool, as soon as `release` lets it. */
export class FakeOrchestrator {
  readonly received: Incoming[] = [];
  /** Those of them that a person of a surface sent, as their publishers say. */
  readonly ofSurfaces: string[] = [];
  readonly cancelled: string[] = [];
  /** Runs stay open until finish() when true. */
  isHolding = false;
  private readonly subscription: Subscription;
  private readonly held = new Map<string, Incoming>();

  constructor(
    private readonly bus: ChannelBus,
    private readonly serviceToken: string,
    private readonly runs: Map<string, StoredRun>,
  ) {
    this.subscription = bus.consumeBatches({ channel: 'requests.incoming', group: 'orchestrator', consumer: 'fake', onDeadLetter: () => Promise.resolve([]) }, (batch) => {
      this.received.push(...batch);
      return Promise.resolve(batch.flatMap((message) => this.answersTo(message)));
    });
  }

  stop(): Promise<void> {
    return this.subscription.stop();
  }

  /** Publishes a part of a run. */
  async tell(runId: string, seq: number, step: number, part: ProgressPart['part'], epoch = 1n): Promise<void> {
    const run = this.runs.get(runId);
    await this.bus.publish(progress(run?.tenantId ?? '', runId, '', seq, step, part, epoch));
  }

  /** Ends a run that was held. */
  async finish(runId: string): Promise<void> {
    const message = this.held.get(runId);
    if (message) await this.bus.publishAll([this.answer(message, runId)]);
  }

  private answersTo(message: Incoming): OutgoingMessage[] {
    const { payload } = message;
    const publisher = verifyPublisher(this.serviceToken, message.metadata['authorization'] ?? '', message.id);
    if (!publisher) return [];
    if (publisher.isSurface === true) this.ofSurfaces.push(message.id);
    if (payload.cancelsMessageId !== '') {
      this.cancelled.push(payload.cancelsMessageId);
      return [];
    }
    const runId = deterministicId(publisher.tenantId, 'run', message.id);
    const threadId = payload.threadId || deterministicId(runId, 'thread');
    if (payload.agent === 'poor') return [refusal(message, publisher.tenantId)];
    if (!this.runs.has(runId)) this.runs.set(runId, { tenantId: publisher.tenantId, id: runId, threadId, messageId: message.id, requestHash: message.metadata['request-hash'], keyId: publisher.keyId, surface: payload.surface, status: RunStatus.ACTIVE });
    this.held.set(runId, message);
    const tell = (seq: number, step: number, part: ProgressPart['part'], names = message.id) => (payload.progress >= Progress.STEPS ? [progress(publisher.tenantId, runId, names, seq, step, part)] : []);
    const accepted = tell(0, 0, { case: 'accepted', value: { $typeName: 'nexus.run.v1.Accepted', threadId, queuedBehind: 0 } });
    if (this.isHolding) return accepted;
    const call = { $typeName: 'nexus.inference.v1.ToolCall' as const, id: 'call_1', name: 'math_solver', arguments: '{"expression":"0.175*1280"}' };
    const result = { $typeName: 'nexus.inference.v1.ToolResult' as const, callId: 'call_1', name: 'math_solver', text: '224', isError: false, images: [] };
    const pieces = payload.progress === Progress.PARTS ? ['It is 224,', ' and noon', ' in Tokyo.'] : [];
    return [
      ...accepted,
      ...tell(1, 1, { case: 'toolStarted', value: { $typeName: 'nexus.run.v1.ToolStarted', call } }),
      ...tell(2, 1, { case: 'toolFinished', value: { $typeName: 'nexus.run.v1.ToolFinished', result, durationMs: 3n } }),
      ...pieces.flatMap((text, seq) => tell(seq, 2, { case: 'textDelta', value: text }, '')),
      ...tell(3, 2, { case: 'stepFinished', value: { $typeName: 'nexus.run.v1.StepFinished', tokens: undefined, costMicroUsd: 7n, model: 'demo' } }),
      this.answer(message, runId),
    ];
  }

  private answer(message: Incoming, runId: string): OutgoingMessage {
    const run = this.runs.get(runId);
    if (!run) throw new Error('no such run');
    const payload: ProcessedRequest = create(ProcessedRequestSchema, {
      messageId: message.id, runId, threadId: run.threadId, outcome: Outcome.ANSWERED, text: ANSWER, finishReason: FinishReason.STOP, surface: message.payload.surface,
      usage: { tokens: { input: 20n, cacheRead: 5n, output: 11n, reasoning: 2n }, costMicroUsd: 42n, modelCalls: 2, toolCalls: 1, steps: 2, durationMs: 12n, ...(message.payload.model === 'auto' && { routing: ROUTING }) },
    });
    run.status = RunStatus.SUCCEEDED;
    run.answer = payload;
    return outgoing({ channel: 'requests.processed', id: deterministicId(runId, 'answer'), tenantId: run.tenantId, to: message.replyTo, payload });
  }
}

function refusal(message: Incoming, tenantId: string): OutgoingMessage {
  const error = { $typeName: 'nexus.common.v1.Error' as const, code: 'budget_exceeded', message: 'The budget "daily" has not enough left for this call.', status: 429, isRetryable: false, param: '', retryAfterMs: 0n };
  const payload = create(ProcessedRequestSchema, { messageId: message.id, outcome: Outcome.REFUSED, error });
  return outgoing({ channel: 'requests.processed', id: newId(), tenantId, to: message.replyTo, payload });
}

function progress(tenantId: string, runId: string, messageId: string, seq: number, step: number, part: ProgressPart['part'], epoch = 1n): OutgoingMessage {
  return outgoing({ channel: 'requests.progress', id: newId(), tenantId, payload: create(ProgressPartSchema, { runId, messageId, seq: BigInt(seq), step, epoch, part }) });
}
