import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { OpenedAttempt_State as State, type InferenceRequest, type OpenedAttempt } from '@nexus/contracts';
import { AppError, assertExhaustive, type Clock } from '@nexus/core';
import { attributes, type Logger, type Span, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { planConversation, planOpenAiCall, type CallPlan } from '../domain/plan-call.js';
import type { OpenAiCompatibleClient } from '../providers/openai-compatible/openai-compatible-client.js';
import { toWirePrice } from '../providers/to-contract.js';
import type { Models } from '../providers/models.js';
import { answerOf, refusalOf } from './answer.js';
import type { AttemptOpener } from './attempt-opener.js';
import type { CallsUnderWay } from './calls-under-way.js';
import { LiveParts } from './live-parts.js';

export interface CompleteParts {
  readonly bus: ChannelBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly models: Models;
  readonly client: OpenAiCompatibleClient;
  readonly attempts: AttemptOpener;
  readonly calls: CallsUnderWay;
  readonly tenantSettings: TenantSettingsCache;
  /** This life of this replica: an attempt that another owner opened is not ours to make. */
  readonly owner: string;
}

type Request = Message<'inference.request'>;

/** One model call, from its request to its answer and its usage record. */
export class CompleteHandler {
  constructor(private readonly parts: CompleteParts) {}

  async handle(message: Request, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const request = message.payload;
    const span = this.parts.tracer.startSpan(`chat ${request.model}`, {
      kind: 'client',
      parent: message.trace,
      attributes: { [attributes.operationName]: 'chat', [attributes.requestModel]: request.model, [attributes.attemptId]: request.attemptId, [attributes.tenantId]: message.tenantId },
    });
    const traced = { ...message, trace: span.trace };
    try {
      return await this.call(traced, span, signal);
    } catch (error) {
      span.recordError(error);
      const refusal = AppError.from(error);
      if (refusal.code === 'usage_unavailable' && !this.isLate(request)) throw refusal; // nothing was called: the entry waits
      if (refusal.code === 'internal') this.parts.logger.error({ attempt: request.attemptId, error }, 'a model call failed inside NEXUS');
      return [refusalOf(traced, refusal)];
    } finally {
      span.end();
    }
  }

  private async call(message: Request, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const request = message.payload;
    if (this.isLate(request)) throw new AppError('deadline_exceeded', 'The deadline had passed before the model was called.', { status: 504 });
    const stop = this.parts.calls.begin(request.attemptId, request.run?.runId);
    if (!stop) return []; // the same message once more: the call that is under way answers it
    try {
      return await this.open(message, stop, span, signal);
    } finally {
      this.parts.calls.end(request.attemptId);
    }
  }

  private async open(message: Request, stop: AbortController, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const plan = await this.plan(message);
    const opened = await this.ask(message, plan);
    switch (opened.state) {
      case State.OPENED:
        return this.make(message, plan, Number(opened.grantedOutputTokens), stop, span, signal);
      case State.IN_FLIGHT: // opened by this replica, whose answer from the ledger was lost
      case State.SETTLED:
      case State.UNKNOWN:
        throw new AppError('attempt_unknown', 'This call was begun before and its outcome is not known here. It is not repeated, because that could charge twice.', { status: 502 });
      case State.REFUSED:
      case State.UNSPECIFIED:
        throw refused(opened);
      default:
        return assertExhaustive(opened.state);
    }
  }

  private async plan(message: Request): Promise<CallPlan> {
    const { input, model: name, wantParts } = message.payload;
    const model = this.parts.models.catalog.resolve(name);
    const { disabledProviders } = await this.parts.tenantSettings.get(message.tenantId);
    if (disabledProviders.includes(model.target.name)) throw new AppError('provider_disabled', `The provider "${model.target.name}" is switched off for this tenant.`, { status: 403, param: 'model' });
    if (input.case === 'openaiBody') return planOpenAiCall(input.value, model);
    if (input.case === 'conversation') return planConversation(input.value, model, wantParts);
    throw new AppError('invalid_request', 'The request has neither a body nor a conversation.', { status: 400 });
  }

  private ask(message: Request, plan: CallPlan): Promise<OpenedAttempt> {
    const { attemptId, attribution, run } = message.payload;
    return this.parts.attempts.open({
      attemptId, attribution,
      tenantId: message.tenantId,
      owner: this.parts.owner,
      provider: plan.model.target.name,
      model: plan.model.upstreamModel,
      maxInputTokens: BigInt(plan.maxInputTokens),
      maxOutputTokens: BigInt(plan.maxOutputTokens),
      minOutputTokens: BigInt(plan.minOutputTokens),
      price: toWirePrice(plan.price),
      runId: run?.runId ?? '',
      step: run?.step ?? 0,
    });
  }

  private async make(message: Request, plan: CallPlan, granted: number, stop: AbortController, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const request = message.payload;
    const live = request.wantParts ? new LiveParts(this.parts.bus, message, plan.wantsUsage) : undefined;
    const onStop = (): void => stop.abort();
    signal.addEventListener('abort', onStop, { once: true });
    try {
      const call = { target: plan.model.target, body: plan.bodyFor(granted), stream: plan.isStream };
      const outcome = await this.parts.client.complete(call, { signal: stop.signal, ...(live && { onPart: (json: Buffer) => live.add(json) }) });
      live?.flush();
      return answerOf(message, plan, outcome, live?.sent ?? 0, this.parts.clock.now(), span);
    } finally {
      signal.removeEventListener('abort', onStop);
    }
  }

  private isLate(request: InferenceRequest): boolean {
    return request.deadlineMs > 0n && Number(request.deadlineMs) < this.parts.clock.now();
  }
}

function refused(opened: OpenedAttempt): AppError {
  const { error } = opened;
  return new AppError(error?.code || 'refused', error?.message || 'The call was refused.', {
    status: error?.status || 403, isRetryable: error?.isRetryable ?? false, ...(error?.retryAfterMs ? { retryAfterMs: Number(error.retryAfterMs) } : {}),
  });
}
