import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { OpenedAttempt_State as State, type Fallback, type OpenedAttempt, type Routing, type UsageRecorded } from '@nexus/contracts';
import { AppError, deterministicId, failpoint, type Clock } from '@nexus/core';
import type { Logger, Span } from '@nexus/runtime';
import type { AskedCall } from '../domain/asked-call.js';
import type { ResolvedModel } from '../domain/model-catalog.js';
import { planCall } from '../domain/plan-call.js';
import { afterFailure } from '../domain/routing/after-failure.js';
import { budgetReaction } from '../domain/routing/budget-reaction.js';
import { estimatedInputTokens } from '../domain/routing/lacks.js';
import type { RetryBudget } from '../domain/routing/retry-budget.js';
import { failedFallback, routingOf, skippedFallback } from '../domain/routing/routing-answer.js';
import type { RetryConfig } from '../domain/routing/routing-config.js';
import { violationOf } from '../domain/routing/tenant-constraints.js';
import type { ProviderError } from '../providers/provider-error.js';
import type { ChainNote, ChainStore } from '../storage/chain.store.js';
import { answerOf, notSentOf, recordOf, refusalOf, toldAgain, type Attempt, type MadeCall } from './answer.js';
import type { AnsweredCalls } from './answered-calls.js';
import { whenNotOpened } from './asked-again.js';
import type { AttemptOpener } from './attempt-opener.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { CallUnderWay, CallsUnderWay } from './calls-under-way.js';
import { describeCall } from './describe-call.js';
import type { LimitedProviders } from './limited-providers.js';
import type { ModelCaller } from './model-caller.js';
import { pauseUnless } from './pause-unless.js';
import { attemptUnknown, cancelled, interrupted, late, notOpened, providerBusy, providerUnavailable, refused, stopping } from './refusals.js';
import type { Route } from './routes.js';

type Request = Message<'inference.request'>;

export interface RequestChainParts {
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  readonly caller: ModelCaller;
  readonly attempts: AttemptOpener;
  readonly calls: CallsUnderWay;
  readonly answered: AnsweredCalls;
  readonly owner: AttemptOwner;
  readonly chains: Pick<ChainStore, 'note' | 'find'>;
  readonly limited: Pick<LimitedProviders, 'failed' | 'tell'>;
  readonly retries: RetryConfig;
  readonly budget: RetryBudget;
}

/** One request, and what stands around it. */
export interface ChainedRequest {
  readonly message: Request;
  readonly asked: AskedCall;
  readonly route: Route;
  readonly call: CallUnderWay;
  readonly span: Span;
  /** The replica stops. */
  readonly stopping: AbortSignal;
  /** How far an earlier life came. */
  readonly noted: ChainNote | undefined;
}

type Outcome = readonly OutgoingMessage[];
/** The chain goes on with what stands next. */
const GO_ON = undefined;

/** What the ledger may need to hear of an attempt that has ended before the budget is free again. */
const SETTLES_WITHIN_MS = 150;
/** No request has this hash: what is remembered with it answers none, but the ledger's questions. */
const FOR_THE_LEDGER = '-';
/** A database that stands still must not keep an answer from coming. */
const NOTED_WITHIN_MS = 1_000;

/** Under which it is noted how far a request has come: another question under the same idempotency key has the same attempt id, and begins anew. */
export function noteIdOf({ payload: { attemptId, idempotencyHash } }: Request): string {
  return idempotencyHash === '' ? attemptId : deterministicId(attemptId, idempotencyHash);
}

/**
 * The attempts that one request takes: a model after the other, and the same again where that may help, until one answers, a part of an
 * answer has been sent, or nothing is left. Each attempt has an id of its own, made of the request's, so that whoever goes on with the
 * request after a crash finds the same attempts.
 */
export class RequestChain {
  private models: readonly ResolvedModel[];
  private place = 0;
  /** Of the attempt that comes next. */
  private number = 0;
  private retries = 0;
  private waits = 0;
  private asked: AskedCall;
  private reason: string;
  private lastModel = '';
  /** What to say when nothing is left. */
  private lastError: AppError | undefined;
  private noted: ChainNote | undefined;
  private readonly fallbacks: Fallback[];
  /** Of attempts that failed, at no cost. */
  private readonly records: UsageRecorded[] = [];
  private isEndedJustNow = false;
  /** The call that answered, where it was one of the model that comes first, to the whole request: another answer is not given again. */
  lasting: MadeCall | undefined;

  constructor(private readonly parts: RequestChainParts, private readonly request: ChainedRequest) {
    const { route, asked, noted } = request;
    this.models = route.models;
    this.asked = asked;
    this.reason = route.choice.reason;
    this.fallbacks = route.skipped.map(skippedFallback);
    this.noted = noted;
  }

  /** Rejects where the request has to come again, and with what those who wait are told. */
  async run(): Promise<Outcome> {
    this.parts.budget.earn();
    for (;;) {
      const model = this.models[this.place];
      const outcome = model ? await this.try(model) : this.exhausted();
      if (outcome !== GO_ON) return outcome;
    }
  }

  /** How the model was chosen, as far as that is known now. */
  routing(): Routing {
    const { route, message } = this.request;
    return routingOf({ requested: message.payload.model, tier: route.choice.tier, classification: route.classification, reason: this.reason }, this.lastModel, this.fallbacks);
  }

  private async try(model: ResolvedModel): Promise<Outcome | undefined> {
    const { message, call } = this.request;
    if (this.request.stopping.aborted) throw stopping();
    if (call.stop.signal.aborted) throw this.parts.caller.leftMs(message) <= 0 ? late() : cancelled();
    const attempt = this.attemptOf(model);
    if (attempt === undefined) return GO_ON;
    const leave = await this.parts.caller.leaveFor(attempt.plan, () => estimatedInputTokens(this.request.route.demand.traits()));
    if ('why' in leave) return this.passOver(model, leave.why, leave.waitMs);
    this.lastModel = model.id;
    let opened: OpenedAttempt;
    try {
      opened = await this.parts.caller.open(attempt);
    } catch (error) {
      this.parts.caller.giveBack(attempt, leave);
      throw error;
    }
    if (opened.state !== State.OPENED) {
      this.parts.caller.giveBack(attempt, leave);
      return opened.state === State.REFUSED ? this.whenRefused(attempt, opened) : this.whenNotOpened(attempt, opened);
    }
    failpoint('router.after-open');
    const { owner, clock } = this.parts;
    if (!owner.isAlive) { // it stood still for longer than its lease: others may hold the attempt for lost, and look for it at the provider
      this.parts.caller.giveBack(attempt, leave);
      return this.end([refusalOf(message, notOpened()), notSentOf(attempt, notOpened(), clock.now())]);
    }
    if (attempt.id !== message.payload.attemptId) this.parts.calls.goOn(attempt.id, call);
    try {
      const made = await this.parts.caller.make(attempt, Number(opened.grantedOutputTokens), call.stop, leave);
      return await this.whenMade(made);
    } finally {
      if (attempt.id !== message.payload.attemptId) this.parts.calls.end(attempt.id);
    }
  }

  /** Undefined when this model cannot be asked in its provider's words, and another one may. */
  private attemptOf(model: ResolvedModel): Attempt | undefined {
    const { message } = this.request;
    const id = this.number === 0 ? message.payload.attemptId : deterministicId(message.payload.attemptId, 'chain', this.number);
    try {
      return { message, id, plan: planCall(this.asked, model), route: this.routeText() };
    } catch (error) {
      const isForOthers = error instanceof AppError && error.code === 'unsupported_value' && (this.models.length > this.place + 1 || this.records.length > 0);
      if (!isForOthers) throw error;
      this.skip(model, error.code, error);
      return undefined;
    }
  }

  private routeText(): string {
    const last = this.fallbacks.at(-1);
    return last === undefined ? this.reason : `${this.reason}, after ${last.model} [${last.code}]`;
  }

  private skip(model: ResolvedModel, code: string, error: AppError): void {
    this.fallbacks.push(skippedFallback({ model: model.id, code, reason: error.message }));
    this.lastError ??= error;
    this.place++;
    this.retries = 0;
  }

  /** A run has nobody who would ask again after a moment, so it waits here; others are told how long to wait. */
  private async passOver(model: ResolvedModel, why: 'breaker_open' | 'rate_limit', waitMs: number): Promise<undefined> {
    const { message, call } = this.request;
    const { retries, caller } = this.parts;
    this.parts.limited.tell({ tenantId: message.tenantId, provider: model.target.name, model: model.id, reason: why === 'rate_limit' ? 'rate_limited' : why, retryAfterMs: waitMs });
    const mayWait = message.payload.run !== undefined && this.place === this.models.length - 1 && waitMs <= retries.longestWaitMs && waitMs < caller.leftMs(message);
    if (mayWait && this.waits < retries.most + 1) {
      this.waits++;
      await pauseUnless(waitMs, call.stop.signal);
      return GO_ON;
    }
    this.skip(model, why, why === 'breaker_open' ? providerUnavailable(model.target.name, waitMs) : providerBusy(model.target.name, waitMs));
    return GO_ON;
  }

  private async whenMade(made: MadeCall): Promise<Outcome | undefined> {
    const { clock, caller, retries, budget } = this.parts;
    const { message, span, call } = this.request;
    const { outcome } = made;
    if (span.isRecording) describeCall(span, made);
    const record = recordOf(made, clock.now());
    if (outcome.kind === 'completed' && this.isFirstChoice(made)) this.lasting = made;
    if (outcome.kind === 'completed') return this.end([answerOf(made, this.routing(), clock.now(), call.besideMicroUsd), ...(record ? [record] : [])], made);
    const { error } = outcome;
    this.parts.limited.failed(message.tenantId, made.plan.model.id, error);
    const after = afterFailure(error, {
      retries: this.retries, attempts: this.number + 1, hasNext: this.models.length > this.place + 1, leftMs: caller.leftMs(message), random: Math.random,
    }, retries, () => budget.spend());
    if (after.kind === 'stop' || record === undefined || made.parts > 0) {
      return this.end([answerOf(made, this.routing(), clock.now(), call.besideMicroUsd, this.toldInsteadOf(error)), ...(record ? [record] : [])], made);
    }
    this.lastError = error;
    this.fallbacks.push(failedFallback(made.plan.model.id, made.id, error));
    if (after.kind === 'next') this.place++;
    this.retries = after.kind === 'retry' ? this.retries + 1 : 0;
    await this.goOn(record.payload);
    this.parts.bus.publish(record).catch(() => undefined); // it is told again when the ledger asks
    this.isEndedJustNow = true;
    if (after.kind === 'retry') await pauseUnless(after.waitMs, this.request.call.stop.signal);
    return GO_ON;
  }

  private isFirstChoice({ plan }: MadeCall): boolean {
    return plan.model.id === this.request.route.models[0]?.id && this.asked === this.request.asked;
  }

  /** Who waits is told why the call was stopped. */
  private toldInsteadOf(error: ProviderError): AppError | undefined {
    if (error.code !== 'cancelled') return undefined;
    if (this.request.stopping.aborted) return interrupted();
    return this.parts.caller.leftMs(this.request.message) <= 0 ? late() : undefined;
  }

  /** The attempt has ended and cost nothing: the next one gets the next number, which whoever goes on with the request will find. */
  private async goOn(record?: UsageRecorded): Promise<void> {
    const { message, call } = this.request;
    const { attemptId } = message.payload;
    if (record) this.records.push(record);
    if (record) this.parts.answered.remember(message.tenantId, record.attemptId, [toldAgain(message, record)], FOR_THE_LEDGER);
    this.number++;
    const note = { next: this.number, model: this.models[this.place]?.id ?? '', routing: this.routing(), records: this.records };
    const noted = this.parts.chains.note(message.tenantId, noteIdOf(message), note).catch((error: unknown) => {
      this.parts.logger.warn({ error, attempt: attemptId }, 'it could not be noted how far a request has come: if this replica dies now, nobody goes on with it');
    });
    await Promise.race([noted, pauseUnless(NOTED_WITHIN_MS, call.stop.signal)]);
    failpoint('router.after-fallback');
  }

  private async whenRefused(attempt: Attempt, opened: OpenedAttempt): Promise<Outcome | undefined> {
    const error = refused(opened.error);
    if (this.number + 1 >= this.parts.retries.mostAttempts) throw error;
    if (this.isEndedJustNow) { // what was set aside for the attempt before it may not be free yet
      this.isEndedJustNow = false;
      await pauseUnless(SETTLES_WITHIN_MS, this.request.call.stop.signal);
      await this.goOn();
      return GO_ON;
    }
    const { choice, sources, demand } = this.request.route;
    const tried = new Set(this.fallbacks.map(({ model }) => model));
    const reaction = budgetReaction(opened, { plan: attempt.plan, asked: this.asked, choice, sources, demand, tried });
    if (reaction === undefined) {
      const noted = await this.findNote();
      if (noted === undefined) throw error;
      this.goOnFrom(noted);
      return GO_ON;
    }
    this.reason = reaction.reason;
    if (reaction.kind === 'shorter') this.asked = reaction.asked;
    else {
      this.models = reaction.models;
      this.place = 0;
      this.retries = 0;
    }
    this.lastError ??= error;
    this.fallbacks.push(failedFallback(attempt.plan.model.id, attempt.id, error));
    await this.goOn();
    return GO_ON;
  }

  private async whenNotOpened(attempt: Attempt, opened: OpenedAttempt): Promise<Outcome | undefined> {
    const { message } = this.request;
    const isOver = opened.state === State.SETTLED || opened.state === State.UNKNOWN;
    const ownerAnswers = opened.owner !== '' && message.payload.run !== undefined;
    const noted = isOver && !ownerAnswers ? await this.findNote() : undefined;
    if (noted === undefined) return whenNotOpened(attempt, opened, this.parts.attempts, this.parts.clock.now());
    this.goOnFrom(noted);
    return GO_ON;
  }

  /** How far somebody else has come with this request; undefined when that is not further than this. */
  private async findNote(): Promise<ChainNote | undefined> {
    const { tenantId } = this.request.message;
    const noted = this.noted ?? (await this.parts.chains.find(tenantId, noteIdOf(this.request.message)).catch(() => undefined));
    this.noted = noted;
    return noted && noted.next > this.number ? noted : undefined;
  }

  private goOnFrom({ next, model, routing, records }: ChainNote): void {
    const { message } = this.request;
    this.number = next;
    this.retries = 0;
    this.fallbacks.splice(0, Infinity, ...routing.fallbacks);
    this.records.splice(0, Infinity, ...records);
    for (const record of records) this.parts.bus.publish(toldAgain(message, record)).catch(() => undefined); // the ledger may not have heard
    const place = this.models.findIndex(({ id }) => id === model);
    const tried = new Set(routing.fallbacks.map((fallback) => fallback.model));
    if (place < 0) this.models = [...this.known(model), ...this.models.filter(({ id }) => !tried.has(id))];
    this.place = Math.max(place, 0);
    this.lastError ??= attemptUnknown();
  }

  /** A model that a budget had asked for, so that it is not among the first choice. */
  private known(name: string): readonly ResolvedModel[] {
    try {
      if (name === '') return [];
      const { sources } = this.request.route;
      const model = sources.resolve(name);
      return violationOf(model, sources.constraints) === undefined ? [model] : []; // it may have been forbidden since
    } catch {
      return []; // it is not to be had any more
    }
  }

  /** Nothing is left to be tried. What failed last is said once more, for its record goes with it. */
  private exhausted(): Outcome {
    const { message } = this.request;
    const error = this.lastError ?? new AppError('no_model_can_serve', 'No model is left that could serve this request.', { status: 400, param: 'model' });
    const last = this.records.at(-1);
    const answer = refusalOf(message, error, this.routing(), this.request.call.besideMicroUsd);
    return last ? this.end([answer, toldAgain(message, last)]) : [answer];
  }

  /** The request is answered; the same is answered to whoever asks again. */
  private end(messages: Outcome, made?: MadeCall): Outcome {
    const { tenantId, payload } = this.request.message;
    const { answered, owner } = this.parts;
    answered.remember(tenantId, payload.attemptId, [...messages, ...this.records.map((record) => toldAgain(this.request.message, record))], payload.idempotencyHash);
    const records = messages.filter(({ channel }) => channel === 'usage.recorded');
    if (made && made.id !== payload.attemptId && records.length > 0) answered.remember(tenantId, made.id, records);
    if (made && records.length === 0) owner.say('lost', { tenantId, attemptId: made.id });
    return messages;
  }
}
