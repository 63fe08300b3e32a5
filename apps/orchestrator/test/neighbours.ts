import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { outgoing, redisBus, type ChannelBus, type Message, type OutgoingMessage, type Subscription } from '@nexus/channels';
import {
  FinishReason, IncomingRequestSchema, InferenceResponseSchema, Role, ToolExecutedSchema, type PartSchema, type SpendSchema,
  type ExecuteTool, type InferenceRequest, type ProcessedRequest, type ProgressPart,
} from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import { waitFor } from '@nexus/testing';

type SpendInit = MessageInitShape<typeof SpendSchema>;

/** What is left out is what a cheap model says: it stopped by itself and tells what it used; a failed call tells nothing. `spend` null: nothing is told. */
export type ModelAnswer =
  | { readonly text: string; readonly thought?: string; readonly image?: string; readonly finishReason?: FinishReason; readonly spend?: SpendInit | null }
  | { readonly calls: readonly { readonly id?: string; readonly name: string; readonly arguments: string }[]; readonly spend?: SpendInit | null }
  | { readonly error: { readonly code: string; readonly isRetryable?: boolean; readonly retryAfterMs?: bigint }; readonly spend?: SpendInit; readonly parts?: bigint };

/** A text is a result, an error a call that failed. */
export type ToolAnswer = string | { readonly error: { readonly code: string; readonly message: string } };

/** Nothing is answered when a model or a tool gives undefined. */
export interface Behaviour {
  model: (request: InferenceRequest) => ModelAnswer | undefined;
  tool: (request: ExecuteTool) => ToolAnswer | undefined;
}

/** The provider-router, the tool-executor and an adapter, as the channels show them. */
export class Neighbours {
  readonly modelCalls: Message<'inference.request'>[] = [];
  readonly toolCalls: Message<'tools.execute'>[] = [];
  readonly cancels: Message<'inference.cancel'>[] = [];
  readonly answers: Message<'requests.processed'>[] = [];
  readonly parts: Message<'requests.progress'>[] = [];
  /** While this is pending the router reads nothing more. */
  routerIsBusy: Promise<void> = Promise.resolve();
  private readonly subscriptions: Subscription[] = [];
  readonly bus: ChannelBus;

  private constructor(redisUrl: string, readonly behaviour: Behaviour) {
    this.bus = redisBus(redisUrl);
  }

  static async start(redisUrl: string, behaviour: Behaviour): Promise<Neighbours> {
    const neighbours = new Neighbours(redisUrl, behaviour);
    await neighbours.listen();
    return neighbours;
  }

  private async listen(): Promise<void> {
    const { bus } = this;
    const onDeadLetter = () => Promise.resolve([]);
    this.subscriptions.push(
      bus.consumeBatches({ channel: 'inference.request', group: 'provider-router', consumer: 'r', onDeadLetter }, async (batch) => {
        this.modelCalls.push(...batch);
        await this.routerIsBusy;
        return batch.flatMap((message) => this.modelAnswers(message));
      }),
      bus.consumeBatches({ channel: 'tools.execute', group: 'tool-executor', consumer: 't', onDeadLetter }, (batch) => {
        this.toolCalls.push(...batch);
        return Promise.resolve(batch.flatMap((message) => this.toolResults(message)));
      }),
      bus.follow('inference.cancel', (batch) => void this.cancels.push(...batch)),
      bus.follow('requests.processed', (batch) => void this.answers.push(...batch)),
      bus.follow('requests.progress', (batch) => void this.parts.push(...batch)),
    );
    await Promise.all(this.subscriptions.map((subscription) => subscription.ready));
  }

  /** Publishes a message as an adapter does; its id is its correlation id. */
  async ask(id: string, request: MessageInitShape<typeof IncomingRequestSchema>, secret?: string, more: Partial<OutgoingMessage<'requests.incoming'>> = {}): Promise<void> {
    await this.bus.publish({ channel: 'requests.incoming', id, payload: create(IncomingRequestSchema, request), ...(secret && { metadata: { authorization: `Bearer ${secret}` } }), ...more });
  }

  answersTo(messageId: string): readonly ProcessedRequest[] {
    return this.answers.filter(({ payload }) => payload.messageId === messageId).map(({ payload }) => payload);
  }

  async answer(messageId: string): Promise<ProcessedRequest> {
    return waitFor(() => this.answersTo(messageId)[0], { what: `an answer to ${messageId}` });
  }

  partsOf(messageId: string): readonly ProgressPart[] {
    return this.parts.filter(({ payload }) => payload.messageId === messageId).map(({ payload }) => payload);
  }

  /** What the model is asked for the run of this message, in order. */
  callsFor(messageId: string): readonly InferenceRequest[] {
    return this.modelCalls.filter(({ correlationId }) => correlationId === messageId).map(({ payload }) => payload);
  }

  private modelAnswers(message: Message<'inference.request'>): readonly OutgoingMessage[] {
    const answer = this.behaviour.model(message.payload);
    return answer === undefined ? [] : [modelResponse(message, answer)];
  }

  private toolResults(message: Message<'tools.execute'>): readonly OutgoingMessage[] {
    const text = this.behaviour.tool(message.payload);
    return text === undefined ? [] : [toolResult(message, text)];
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.stop(1_000)));
    await this.bus.close();
  }
}

export function modelResponse({ payload, tenantId, correlationId, trace }: Message<'inference.request'>, answer: ModelAnswer): OutgoingMessage {
  const { attemptId, run } = payload;
  const usual = 'error' in answer ? undefined : { provider: 'fake', model: payload.model, usage: { input: 10n, output: 5n }, costMicroUsd: 3n, durationMs: 1n };
  const spend = answer.spend === undefined ? usual : (answer.spend ?? undefined);
  return outgoing({
    channel: 'inference.response', id: deterministicId(attemptId, 'response'), tenantId, correlationId, trace,
    payload: create(InferenceResponseSchema, { attemptId, run, outcome: outcomeOf(answer), ...(spend && { spend }), ...('parts' in answer && { parts: answer.parts }) }),
  });
}

type PartInit = { readonly kind: MessageInitShape<typeof PartSchema>['kind'] };

function outcomeOf(answer: ModelAnswer): MessageInitShape<typeof InferenceResponseSchema>['outcome'] {
  if ('error' in answer) return { case: 'error', value: answer.error };
  const parts: PartInit[] = 'text' in answer
    ? [
        ...(answer.thought === undefined ? [] : [{ kind: { case: 'reasoning' as const, value: answer.thought } }]),
        { kind: { case: 'text', value: answer.text } },
        ...(answer.image === undefined ? [] : [{ kind: { case: 'image' as const, value: { url: answer.image } } }]),
      ]
    : answer.calls.map((call) => ({ kind: { case: 'toolCall', value: { id: '', ...call } } }));
  const usual = 'text' in answer ? FinishReason.STOP : FinishReason.TOOL_CALLS;
  return { case: 'completion', value: { finishReason: ('finishReason' in answer && answer.finishReason) || usual, output: { case: 'message', value: { role: Role.ASSISTANT, parts } } } };
}

export function toolResult({ payload, tenantId, correlationId, trace }: Message<'tools.execute'>, answer: ToolAnswer): OutgoingMessage {
  const { executionId, runId, step, epoch, call } = payload;
  const came = typeof answer === 'string' ? { result: { callId: call?.id ?? '', name: call?.name ?? '', text: answer } } : { error: answer.error };
  return outgoing({
    channel: 'tools.results', id: deterministicId(executionId, 'result'), tenantId, correlationId, trace,
    payload: create(ToolExecutedSchema, { executionId, runId, step, epoch, ...came, durationMs: 2n }),
  });
}

/** The texts of a request's messages, the role's first letter before each. */
export function script(request: InferenceRequest): readonly string[] {
  if (request.input.case !== 'conversation') return [];
  return request.input.value.messages.map(({ role, parts }) => `${Role[role]?.[0] ?? '?'}: ${parts.map(({ kind }) => (kind.case === 'text' ? kind.value : kind.case === 'toolCall' ? `<${kind.value.name} ${kind.value.arguments}>` : kind.case === 'toolResult' ? kind.value.text : '')).join('')}`);
}

/** The last thing that the model was told. */
export const lastLine = (request: InferenceRequest): string => script(request).at(-1) ?? '';
