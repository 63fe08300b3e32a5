import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { AgentService, IncomingRequestSchema, Progress, StreamAgentResponseSchema, fromWireError, type ProcessedRequest, type ProgressPart, type QueryAgentRequest, type StreamAgentResponse } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { AgentCalls, RpcService, requireTenant, type AgentCall } from '@nexus/runtime';

/** Live parts and the answer come in two streams: the last part is waited for this long. */
const LAST_PART_WITHIN_MS = 250;

/** Asks agents the way everyone does, through requests.incoming. */
@RpcService(AgentService)
export class AgentRpc implements ServiceImpl<typeof AgentService> {
  constructor(@Inject(AgentCalls) private readonly calls: AgentCalls) {}

  async queryAgent(request: QueryAgentRequest, context: HandlerContext): Promise<ProcessedRequest> {
    return requireRun(await this.ask(request, request.messageId || newId(), context, Progress.NONE).answer);
  }

  async *streamAgent(request: QueryAgentRequest, context: HandlerContext): AsyncGenerator<StreamAgentResponse> {
    const { tenantId } = requireTenant(context);
    const messageId = request.messageId || newId();
    const parts: ProgressPart[] = [];
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
    this.ask(request, messageId, context, Progress.PARTS).answer
      .then((answer) => (end = { answer, until: performance.now() + LAST_PART_WITHIN_MS }), (error: unknown) => (end = { error }))
      .finally(() => wake());
    try {
      for (;;) {
        for (let part = parts.shift(); part !== undefined; part = parts.shift()) yield create(StreamAgentResponseSchema, { event: { case: 'progress', value: part } });
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

  private ask(request: QueryAgentRequest, messageId: string, context: HandlerContext, progress: Progress): AgentCall {
    const { tenantId, key, trace } = requireTenant(context);
    const { userQuery, agent, threadId, timezone, locale, model } = request;
    return this.calls.ask(create(IncomingRequestSchema, { text: userQuery, surface: 'rpc', agent, threadId, timezone, locale, model, progress }), {
      publisher: { tenantId, keyId: key?.id ?? '', client: key?.client ?? '', project: key?.project ?? '' },
      messageId, trace,
      // whoever names the message may ask for its answer again; otherwise nobody could
      ...(request.messageId === '' && { signal: context.signal }),
    });
  }
}

/** A message that started no run fails the call with its refusal; how a run ended, a refusal too, is the answer. */
function requireRun(answer: ProcessedRequest): ProcessedRequest {
  if (answer.runId === '' && answer.error !== undefined) throw fromWireError(answer.error);
  return answer;
}
