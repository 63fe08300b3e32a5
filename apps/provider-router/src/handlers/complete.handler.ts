import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { Wire, metadataKeys, type InferenceResponse, type TenantSettings } from '@nexus/contracts';
import { AppError, failpoint, type Clock } from '@nexus/core';
import { attributes, startMessageSpan, type Logger, type Span, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { readAskedCall } from '../domain/asked-call.js';
import { deadlineOf } from '../domain/deadline.js';
import type { Classification } from '../domain/routing/classify.js';
import type { RetryBudget } from '../domain/routing/retry-budget.js';
import type { RetryConfig } from '../domain/routing/routing-config.js';
import { tierOf } from '../domain/routing/tier.js';
import type { ProviderClient } from '../providers/provider-client.js';
import type { CachedAnswer } from '../storage/cache.store.js';
import type { ChainNote, ChainStore } from '../storage/chain.store.js';
import { refusalOf } from './answer.js';
import type { AnsweredCalls } from './answered-calls.js';
import type { AttemptOpener } from './attempt-opener.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { CallUnderWay, CallsUnderWay } from './calls-under-way.js';
import { describeRouting } from './describe-call.js';
import { askClassifier } from './model-classifier.js';
import { ModelCaller } from './model-caller.js';
import { cachedAnswers } from './cached-answers.js';
import type { ExactCache } from './exact-cache.js';
import type { LimitedProviders } from './limited-providers.js';
import type { ProviderHealth } from './provider-health.js';
import type { ProviderLimits } from './provider-limits.js';
import { attemptUnknown, cancelled, inProgress, late, settingsUnavailable, stopping } from './refusals.js';
import { RequestChain, noteIdOf } from './request-chain.js';
import type { RouterMetrics } from './router-metrics.js';
import type { Routes } from './routes.js';
import type { SemanticCache } from './semantic-cache.js';
import type { ShownPictures } from './shown-pictures.js';

export interface CompleteParts {
  /** For live parts, and for what the ledger is told of attempts that others follow. */
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly routes: Routes;
  readonly client: Pick<ProviderClient, 'complete'>;
  readonly attempts: AttemptOpener;
  readonly calls: CallsUnderWay;
  readonly answered: AnsweredCalls;
  readonly tenantSettings: TenantSettingsCache;
  /** This life of this replica: an attempt that another owner opened is not ours to make. */
  readonly owner: AttemptOwner;
  readonly health: ProviderHealth;
  readonly limits: ProviderLimits;
  readonly limited: LimitedProviders;
  readonly metrics: RouterMetrics;
  readonly chains: Pick<ChainStore, 'note' | 'find'>;
  readonly retries: RetryConfig;
  readonly budget: RetryBudget;
  readonly classifyWithinMs: number;
  readonly cache: ExactCache;
  readonly similar: SemanticCache;
  readonly pictures: ShownPictures;
}

type Request = Message<'inference.request'>;

/** What may be otherwise in a moment. */
const COMES_AGAIN: ReadonlySet<string> = new Set(['usage_unavailable', 'settings_unavailable', 'files_unavailable', 'in_flight_elsewhere']);

/** One model call, from its request to its answer and its usage record. */
export class CompleteHandler {
  private readonly caller: ModelCaller;

  constructor(private readonly parts: CompleteParts) {
    this.caller = new ModelCaller(parts);
  }

  /** The same, but its live parts go there. */
  publishingTo(bus: CompleteParts['bus']): CompleteHandler {
    return new CompleteHandler({ ...this.parts, bus });
  }

  /** The signal says that the replica stops. Rejects where nothing is under way, and the request can wait for its next try or its next reader. */
  async handle(message: Request, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    failpoint('router.before-open');
    const { model, attemptId, run } = message.payload;
    const operation = message.payload.wire === Wire.OPENAI_EMBEDDINGS ? 'embeddings' : 'chat';
    const span = startMessageSpan(this.parts.tracer, message, {
      name: `${operation} ${model}`, kind: 'client', group: 'provider-router',
      attributes: { [attributes.operationName]: operation, [attributes.requestModel]: model, [attributes.attemptId]: attemptId, [attributes.runId]: run?.runId || undefined, [attributes.step]: run?.step },
    });
    const traced = { ...message, trace: span.trace };
    try {
      return await this.call(traced, span, signal);
    } catch (error) {
      span.recordError(error);
      const refusal = AppError.from(error);
      if (this.comesAgain(refusal, message)) throw refusal;
      if (refusal.code === 'internal') this.parts.logger.error({ attempt: attemptId, trace_id: span.trace.traceId, error }, 'a model call failed inside NEXUS');
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
    return answered?.some(({ channel }) => channel === 'inference.response') ? answered.map((sent) => toAsker(sent, request)) : [refusalOf(request, attemptUnknown())];
  }

  private async call(message: Request, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const { attemptId, run, idempotencyHash } = message.payload;
    const waitedMs = Math.max(0, this.parts.clock.now() - message.timestamp);
    if (this.isLate(message)) throw late();
    const underWay = this.parts.calls.find(attemptId);
    if (underWay) return underWay.replyTo === message.replyTo ? [] : [refusalOf(message, inProgress())]; // the same message once more, or somebody else's question
    const answered = this.parts.answered.find(message.tenantId, attemptId, idempotencyHash);
    if (answered) return answered.map((sent) => toAsker(sent, message));
    const call = this.parts.calls.begin(attemptId, run?.runId, message.replyTo, idempotencyHash === '' ? undefined : message.timestamp); // only a key's attempt is asked for again
    const onStopping = (): void => call.stop.abort();
    signal.addEventListener('abort', onStopping);
    try {
      return tellWait(await this.route(message, call, span, signal), waitedMs);
    } catch (error) {
      const refusal = AppError.from(error);
      if (call.besideMicroUsd === 0 || refusal.code === 'internal' || this.comesAgain(refusal, message)) throw error;
      span.recordError(error);
      return [refusalOf(message, refusal, undefined, call.besideMicroUsd)]; // what was spent to find that out is told as well
    } finally {
      signal.removeEventListener('abort', onStopping);
      this.parts.calls.end(attemptId);
    }
  }

  private async route(message: Request, call: CallUnderWay, span: Span, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const { clock } = this.parts;
    const { model } = message.payload;
    const settings = await this.settingsOf(message.tenantId);
    const asked = readAskedCall(message.payload);
    const place = this.parts.cache.placeOf(message, asked, settings);
    const cached = place && (await this.parts.cache.find(place));
    if (place && cached) return this.given(message, cached, 'exact', this.parts.cache.answer(message, place, cached, this.parts.bus), span);
    const sideCalls = { caller: this.caller, publish: (record: OutgoingMessage<'usage.recorded'>) => this.tell(message.tenantId, record), clock, underWay: this.parts.calls, call };
    const meant = await this.parts.similar.read(message, asked, settings, sideCalls);
    const alike = meant && (await this.parts.similar.find(meant));
    if (alike && asked.client) return this.given(message, alike, 'semantic', cachedAnswers({ message, asked, cached: alike, how: 'semantic', bus: this.parts.bus, now: clock.now(), besideMicroUsd: call.besideMicroUsd }), span);
    const noted = message.deliveries > 1 ? await this.noteOf(message) : undefined;
    if (signal.aborted) throw stopping();
    if (call.stop.signal.aborted) throw cancelled();
    const classifier = askClassifier(message, sideCalls, this.parts.classifyWithinMs);
    const seen = await this.parts.pictures.route(message, asked, (one) => this.parts.routes.find(model, one, settings, classifier, noted && classificationOf(noted)));
    const chain = new RequestChain({ ...this.parts, caller: this.caller }, { message, asked: seen.asked, route: seen.route, call, span, stopping: signal, noted });
    try {
      const messages = await chain.run();
      if (place && chain.lasting) this.parts.cache.keep(place, chain.lasting);
      if (meant && chain.lasting) this.parts.similar.keep(meant, chain.lasting);
      return messages;
    } catch (error) {
      const refusal = AppError.from(error);
      if (refusal.code === 'internal' || this.comesAgain(refusal, message)) throw error;
      span.recordError(error);
      return [refusalOf(message, refusal, chain.routing(), call.besideMicroUsd)];
    } finally {
      seen.release();
      if (span.isRecording) describeRouting(span, chain.routing());
    }
  }

  /** Whoever asks for it again under the same id gets the same. */
  private given(message: Request, cached: CachedAnswer, how: string, messages: readonly OutgoingMessage[], span: Span): readonly OutgoingMessage[] {
    this.parts.answered.remember(message.tenantId, message.payload.attemptId, messages, message.payload.idempotencyHash);
    if (span.isRecording) span.setAttributes({ [attributes.routeModel]: cached.model, [attributes.cacheHit]: how });
    return messages;
  }

  /** The ledger hears of it, now or when it asks. */
  private tell(tenantId: string, record: OutgoingMessage<'usage.recorded'>): void {
    this.parts.answered.remember(tenantId, record.id, [record]);
    this.parts.bus.publish(record).catch(() => undefined);
  }

  /** Without its note the request goes no further than the ledger knows of it: nothing is called twice. */
  private noteOf(message: Request): Promise<ChainNote | undefined> {
    const { tenantId, payload } = message;
    return this.parts.chains.find(tenantId, noteIdOf(message)).catch((error: unknown) => {
      this.parts.logger.warn({ error, attempt: payload.attemptId }, 'it cannot be found out how far a request has come');
      return undefined;
    });
  }

  private settingsOf(tenantId: string): Promise<TenantSettings> {
    return this.parts.tenantSettings.get(tenantId).catch((cause: unknown) => {
      throw settingsUnavailable(cause);
    });
  }

  private comesAgain({ code }: AppError, message: Request): boolean {
    return code === 'stopping' || (COMES_AGAIN.has(code) && !this.isLate(message));
  }

  private isLate(message: Request): boolean {
    return deadlineOf(message) <= this.parts.clock.now();
  }
}

/** What an earlier life classified. */
function classificationOf({ routing }: ChainNote): Classification | undefined {
  const { tier: name, confidence, classifier } = routing;
  const tier = tierOf(name);
  const [reason = ''] = routing.reason.split(': tier ');
  return tier !== undefined && (classifier === 'rules' || classifier === 'model' || classifier === 'default') ? { tier, confidence, reason, classifier } : undefined;
}

/** An answer tells how long its request waited, for the timeline of its run; the same when it is given again, so it is set in what is remembered too. */
function tellWait(messages: readonly OutgoingMessage[], waitedMs: number): readonly OutgoingMessage[] {
  for (const { channel, payload } of messages) if (channel === 'inference.response') (payload as InferenceResponse).waitedMs = BigInt(Math.round(waitedMs));
  return messages;
}

/** What was published for a request once, for the one who asks again. */
function toAsker(sent: OutgoingMessage, message: Request): OutgoingMessage {
  return sent.channel === 'inference.response' ? { ...sent, to: message.replyTo, correlationId: message.correlationId } : sent;
}
