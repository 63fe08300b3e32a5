import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { OpenedAttempt_State as State, metadataKeys, type OpenedAttempt } from '@nexus/contracts';
import { AppError, failpoint, type Clock } from '@nexus/core';
import { attributes, type Logger, type Span, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { readAskedCall } from '../domain/asked-call.js';
import { deadlineOf } from '../domain/deadline.js';
import { planCall, type CallPlan } from '../domain/plan-call.js';
import type { OpenAiCompatibleClient } from '../providers/openai-compatible/openai-compatible-client.js';
import { toWirePrice } from '../providers/to-contract.js';
import type { Models } from '../providers/models.js';
import { answerOf, notSentOf, refusalOf } from './answer.js';
import type { AnsweredCalls } from './answered-calls.js';
import { whenNotOpened } from './asked-again.js';
import type { AttemptOpener } from './attempt-opener.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { CallUnderWay, CallsUnderWay } from './calls-under-way.js';
import { LiveParts } from './live-parts.js';
import { attemptUnknown, cancelled, inProgress, interrupted, late, notOpened, stopping, settingsUnavailable } from './refusals.js';

export interface CompleteParts {
  /** For live parts. */
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly models: Models;
  readonly client: OpenAiCompatibleClient;
  readonly attempts: AttemptOpener;
  readonly calls: CallsUnderWay;
  readonly answered: AnsweredCalls;
  readonly tenantSettings: TenantSettingsCache;
  /** This life of this replica: an attempt that another owner opened is not ours to make. */
  readonly owner: AttemptOwner;
}

type Request = Message<'inference.request'>;

/** What may be otherwise in a moment. */
const COMES_AGAIN: ReadonlySet<string> = new Set(['usage_unavailable', 'settings_unavailable', 'in_flight_elsewhere']);

/** One model call, from its request to its answer and its usage record. */
export class CompleteHandler {
  constructor(private readonly parts: CompleteParts) {}

  /** The same, but its live parts go there. */
  publishingTo(bus: CompleteParts['bus']): CompleteHandler {
    return new CompleteHandler({ ...this.parts, bus });
  }

  /** The signal says that the replica stops. Rejects where nothing was called, and the request can wait for its next try or its next reader. */
  async handle(message: Request, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    failpoint('router.before-open');
    const { model, attemptId } = message.payload;
    const span = this.parts.tracer.startSpan(`chat ${model}`, {
      kind: 'client',
      parent: message.trace,
      attributes: { [attributes.operationName]: 'chat', [attributes.requestModel]: model, [attributes.attemptId]: attemptId, [attributes.tenantId]: message.tenantId },
    });
    const traced = { ...message, trace: span.trace };
    try {
      return await this.call(traced, span, signal);
    } catch (error) {
      span.recordError(error);
      const refusal = AppError.from(error);
      if (refusal.code === 'stopping' || (COMES_AGAIN.has(refusal.code) && !this.isLate(message))) throw refusal;
      if (refusal.code === 'internal') this.parts.logger.error({ attempt: attemptId, error }, 'a model call failed inside NEXUS');
      return [refusalOf(traced, refusal)];
    } finally {
      span.end();
    }
  }

  /** What was answered before, for a run that asks again through another replica. Empty when it asks another owner, or the call is under way. */
  repeat(message: Message<'inference.repeat'>): readonly OutgoingMessage[] {
    if (message.metadata[metadataKeys.owner] !== this.parts.owner.name || this.parts.calls.find(message.payload.attemptId)) return [];
    const request: Request = { ...message, channel: 'inference.request' };
    const answered = this.parts.answered.find(message.tenantId, message.payload.attemptId);
    return answered?.map((sent) => toAsker(sent, request)) ?? [refusalOf(request, attemptUnknown())];
  }

  private async call(message: Request, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const { attemptId, run, idempotencyHash } = message.payload;
    if (this.isLate(message)) throw late();
    const underWay = this.parts.calls.find(attemptId);
    if (underWay) return underWay.replyTo === message.replyTo ? [] : [refusalOf(message, inProgress())]; // the same message once more, or somebody else's question
    const answered = this.parts.answered.find(message.tenantId, attemptId, idempotencyHash);
    if (answered) return answered.map((sent) => toAsker(sent, message));
    const call = this.parts.calls.begin(attemptId, run?.runId, message.replyTo);
    const onStopping = (): void => call.stop.abort();
    signal.addEventListener('abort', onStopping);
    try {
      return await this.open(message, call, span, signal);
    } finally {
      signal.removeEventListener('abort', onStopping);
      this.parts.calls.end(attemptId);
    }
  }

  private async open(message: Request, { stop }: CallUnderWay, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const plan = await this.plan(message);
    if (signal.aborted) throw stopping();
    if (stop.signal.aborted) throw cancelled();
    const opened = await this.ask(message, plan);
    if (opened.state !== State.OPENED) return whenNotOpened(message, plan, opened, this.parts.attempts, this.parts.clock.now());
    failpoint('router.after-open');
    const messages = await this.make(message, plan, Number(opened.grantedOutputTokens), stop, span, signal);
    this.parts.answered.remember(message.tenantId, opened.attemptId, messages, message.payload.idempotencyHash);
    if (!messages.some(({ channel }) => channel === 'usage.recorded')) this.parts.owner.say('lost', { tenantId: message.tenantId, attemptId: opened.attemptId });
    return messages;
  }

  private async plan(message: Request): Promise<CallPlan> {
    const model = this.parts.models.catalog.resolve(message.payload.model);
    const { disabledProviders } = await this.parts.tenantSettings.get(message.tenantId).catch((cause: unknown) => {
      throw settingsUnavailable(cause);
    });
    if (disabledProviders.includes(model.target.name)) throw new AppError('provider_disabled', `The provider "${model.target.name}" is switched off for this tenant.`, { status: 403, param: 'model' });
    return planCall(readAskedCall(message.payload), model);
  }

  private ask(message: Request, plan: CallPlan): Promise<OpenedAttempt> {
    const { attemptId, attribution, run } = message.payload;
    return this.parts.attempts.open({
      attemptId, attribution,
      tenantId: message.tenantId,
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
    const { bus, client, clock, owner } = this.parts;
    // It stood still for longer than its lease: others may hold the attempt for lost, and look for it at the provider.
    if (!owner.isAlive) return [refusalOf(message, notOpened()), notSentOf(message, plan, notOpened(), clock.now())];
    const live = message.payload.wantParts ? new LiveParts(bus, message, plan.wantsUsage) : undefined;
    const call = { target: plan.model.target, attemptId: message.payload.attemptId, body: plan.bodyFor(granted), stream: plan.isStream };
    const deadline = setTimeout(() => stop.abort(), deadlineOf(message) - clock.now() + 1); // then nobody waits any more
    const outcome = await client.complete(call, { signal: stop.signal, ...(live && { onPart: (json, chunk) => live.add(json, chunk) }) }).finally(() => clearTimeout(deadline));
    failpoint('router.after-answer');
    live?.flush();
    const isStopped = outcome.kind === 'failed' && outcome.error.code === 'cancelled';
    const told = !isStopped ? undefined : signal.aborted ? interrupted() : this.isLate(message) ? late() : undefined;
    return answerOf({ message, plan, outcome, parts: live?.sent ?? 0, told }, clock.now(), span);
  }

  private isLate(message: Request): boolean {
    return deadlineOf(message) <= this.parts.clock.now();
  }
}

/** What was published for a request once, for the one who asks again. */
function toAsker(sent: OutgoingMessage, message: Request): OutgoingMessage {
  return sent.channel === 'inference.response' ? { ...sent, to: message.replyTo, correlationId: message.correlationId } : sent;
}
