import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { AgentService, IncomingRequestSchema, Progress, QueryAgentRequestSchema, RunStatus, StreamAgentResponseSchema, fromWireError, type ProcessedRequest, type ProgressPart, type QueryAgentRequest, type StreamAgentResponse } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { AgentCalls, RpcService, idempotencyKeyOf, keyInFlight, keyReused, requestHash, requireTenant, type AgentCall } from '@nexus/runtime';
import { runIdOf } from './domain/run-ids.js';
import { PartsInOrder } from './domain/parts-in-order.js';
import { runView } from './run-view.js';
import { RunStore } from './storage/run.store.js';

/** Live parts and the answer come in two streams: the last part is waited for this long. */
const LAST_PART_WITHIN_MS = 250;

/** Asks agents the way everyone does, through requests.incoming. */
@RpcService(AgentService)
export class AgentRpc implements ServiceImpl<typeof AgentService> {
  constructor(
    @Inject(AgentCalls) private readonly calls: AgentCalls,
    @Inject(RunStore) private readonly runs: RunStore,
  ) {}

  async queryAgent(request: QueryAgentRequest, context: HandlerContext): Promise<ProcessedRequest> {
    const named = nameOf(request, context);
    return requireRun((await this.answeredBefore(named, context)) ?? (await this.ask(request, named, context, Progress.NONE).answer));
  }

  async *streamAgent(request: QueryAgentRequest, context: HandlerContext): AsyncGenerator<StreamAgentResponse> {
    const { tenantId } = requireTenant(context);
    const named = nameOf(request, context);
    const { messageId } = named;
    const before = await this.answeredBefore(named, context);
    if (before !== undefined) {
      yield create(StreamAgentResponseSchema, { event: { case: 'answer', value: requireRun(before) } });
      return;
    }
    const parts: ProgressPart[] = [];
    const order = new PartsInOrder();
    let wake = (): void => undefined;
    let lastStep = 0;
    let stopListening = (): void => undefined;
    // not the call's own listener, which is gone with the answer: the last parts may come after it
    const listenTo = (runOrMessageId: string): void => {
      stopListening();
      stopListening = this.calls.progress.listen(tenantId, runOrMessageId, ({ payload }) => {
        parts.push(payload);
        if (payload.part.case === 'accepted' && runOrMessageId === messageId) listenTo(payload.runId); // deltas name the run only
        if (payload.part.case === 'stepFinished') lastStep = payload.step;
        wake();
      });
    };
    listenTo(messageId);
    let end: { readonly answer: ProcessedRequest; readonly until: number } | { readonly error: unknown } | undefined;
    this.ask(request, named, context, Progress.PARTS).answer
      .then((answer) => (end = { answer, until: performance.now() + LAST_PART_WITHIN_MS }), (error: unknown) => (end = { error }))
      .finally(() => wake());
    try {
      for (;;) {
        for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
          const place = order.place(part);
          if (place === 'void') continue;
          if (place === 'anew') yield create(StreamAgentResponseSchema, { event: { case: 'reset', value: { runId: part.runId, epoch: part.epoch } } });
          yield create(StreamAgentResponseSchema, { event: { case: 'progress', value: part } });
        }
        if (end !== undefined && ('error' in end || lastStep >= (end.answer.usage?.steps ?? 0) || performance.now() >= end.until)) break;
        await new Promise<void>((resolve) => {
          const timer = end === undefined ? undefined : setTimeout(resolve, LAST_PART_WITHIN_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (parts.length > 0) wake();
        });
      }
    } finally {
      stopListening();
    }
    if ('error' in end) throw end.error;
    yield create(StreamAgentResponseSchema, { event: { case: 'answer', value: requireRun(end.answer) } });
  }

  private ask(request: QueryAgentRequest, { messageId, hash, isRepeatable }: NamedMessage, context: HandlerContext, progress: Progress): AgentCall {
    const { tenantId, key, trace } = requireTenant(context);
    const { userQuery, agent, threadId, timezone, locale, model } = request;
    return this.calls.ask(create(IncomingRequestSchema, { text: userQuery, surface: 'rpc', agent, threadId, timezone, locale, model, progress }), {
      publisher: { tenantId, keyId: key?.id ?? '', client: key?.client ?? '', project: key?.project ?? '' },
      messageId, isRepeatable, requestHash: hash, trace,
      // whoever can name the message may ask for its answer again; otherwise nobody could
      ...(!isRepeatable && { signal: context.signal }),
    });
  }

  /** The answer of a message that was asked before and whose run is over. Under an idempotency key: throws when its run is not (409), or was another request's (422). */
  private async answeredBefore({ messageId, hash, isRepeatable }: NamedMessage, context: HandlerContext): Promise<ProcessedRequest | undefined> {
    if (!isRepeatable) return undefined;
    const { tenantId } = requireTenant(context);
    const stored = (await this.runs.load([{ tenantId, runId: runIdOf(tenantId, messageId) }], 0)).flat()[0];
    if (stored === undefined) return undefined;
    const first = stored.events[0]?.event.event;
    const storedHash = first?.case === 'accepted' ? first.value.requestHash : '';
    if (hash !== undefined && storedHash !== '' && hash !== storedHash) throw keyReused();
    const { run, answer } = runView(stored);
    const isUnderWay = run?.status === RunStatus.ACTIVE || run?.status === RunStatus.QUEUED;
    if (isUnderWay && hash !== undefined && context.method.methodKind !== 'unary') throw keyInFlight();
    return answer;
  }
}

interface NamedMessage {
  readonly messageId: string;
  /** Set with an idempotency key. */
  readonly hash: string | undefined;
  /** The caller can name it again. */
  readonly isRepeatable: boolean;
}

/** The id that the caller gave, or one made of the idempotency key; else a new one. */
function nameOf(request: QueryAgentRequest, context: HandlerContext): NamedMessage {
  const { tenantId } = requireTenant(context);
  const key = idempotencyKeyOf(context);
  const hash = key === undefined ? undefined : requestHash(QueryAgentRequestSchema, request).toString('hex');
  const messageId = request.messageId || (key === undefined ? newId() : deterministicId(tenantId, context.method.name, key));
  return { messageId, hash, isRepeatable: request.messageId !== '' || key !== undefined };
}

/** A message that started no run fails the call with its refusal; how a run ended, a refusal too, is the answer. */
function requireRun(answer: ProcessedRequest): ProcessedRequest {
  if (answer.runId === '' && answer.error !== undefined) throw fromWireError(answer.error);
  return answer;
}
