import { create } from '@bufbuild/protobuf';
import { outgoing, type Message, type OutgoingMessage } from '@nexus/channels';
import {
  CompletionSchema, InferenceResponseSchema, SpendSchema, UsageRecordedSchema, UsageRecorded_Result as Result, toWireError,
  type InferenceResponse, type Routing, type Spend, type UsageRecorded,
} from '@nexus/contracts';
import { costOf, mixedCacheRead, type AppError, type TokenPrice } from '@nexus/core';
import type { FinishReason } from '@nexus/wires';
import { priceForInput } from '../domain/model-catalog.js';
import type { CallPlan } from '../domain/plan-call.js';
import type { Completed, Failed, ProviderOutcome } from '../providers/provider-outcome.js';
import { toChatMessage, toWireFinish, toWirePrice, toWireUsage } from '../providers/to-contract.js';

type Request = Message<'inference.request'>;

/** An attempt that was opened for a request. */
export interface Attempt {
  readonly message: Request;
  /** In the ledger; of the first attempt it is the request's. */
  readonly id: string;
  readonly plan: CallPlan;
  /** Why this model, in words. */
  readonly route: string;
}

/** A call that was made, and how it ended. */
export interface MadeCall extends Attempt {
  readonly outcome: ProviderOutcome;
  /** Live parts that were published. */
  readonly parts: number;
}

/** What a call cost, with what was spent on the way to it; undefined when nobody knows, or it used nothing. */
function spendOf(made: MadeCall, besideMicroUsd: number): Spend | undefined {
  const { plan, outcome } = made;
  const { usage } = outcome;
  if (!usage) return besideOnly(besideMicroUsd);
  return create(SpendSchema, {
    provider: plan.model.target.name, model: plan.model.upstreamModel, usage: toWireUsage(usage), costMicroUsd: BigInt(costOfCall(made) + besideMicroUsd), durationMs: BigInt(Math.round(outcome.timings.totalMs)),
    computeMs: BigInt(Math.ceil(outcome.timings.computeMs ?? 0)),
  });
}

/** What a request cost that no model answered. */
const besideOnly = (microUsd: number): Spend | undefined => (microUsd > 0 ? create(SpendSchema, { costMicroUsd: BigInt(microUsd) }) : undefined);

/** The answer of the call that ended a request, with what was spent beside it; `told` is what those who wait are told instead of the provider's error. */
export function answerOf(made: MadeCall, routing: Routing, now: number, besideMicroUsd: number, told?: AppError): OutgoingMessage {
  const { message, outcome, parts } = made;
  const spend = spendOf(made, besideMicroUsd);
  if (outcome.kind === 'failed') return response(message, { outcome: { case: 'error', value: toWireError(told ?? outcome.error) }, spend, routing }, parts);
  const completion = create(CompletionSchema, { output: outputOf(made, outcome, now), finishReason: toWireFinish(outcome.finishReason) });
  return response(message, { outcome: { case: 'completion', value: completion }, spend, routing }, parts);
}

function outputOf({ message, plan }: Attempt, outcome: Completed, now: number) {
  if (message.payload.input.case !== 'body') return { case: 'message', value: toChatMessage(outcome.answer()) } as const;
  return { case: 'body', value: plan.answerBytes(outcome, { id: message.payload.attemptId, now }) } as const;
}

/** What is given again of an answer. */
interface Given {
  readonly body: Uint8Array;
  readonly finishReason: FinishReason;
  readonly parts: number;
  /** Spent to find it. */
  readonly besideMicroUsd: number;
}

/** An answer that was given before, in the form of its client. It costs no more than finding it. */
export function cachedAnswerOf(message: Request, { body, finishReason, parts, besideMicroUsd }: Given, routing: Routing): OutgoingMessage {
  const completion = create(CompletionSchema, { output: { case: 'body', value: body }, finishReason: toWireFinish(finishReason) });
  return response(message, { outcome: { case: 'completion', value: completion }, spend: besideOnly(besideMicroUsd), routing }, parts);
}

/** The answer when no provider was called, or when what it said does not matter. */
export function refusalOf(message: Request, error: AppError, routing?: Routing, besideMicroUsd = 0): OutgoingMessage {
  return response(message, { outcome: { case: 'error', value: toWireError(error) }, spend: besideOnly(besideMicroUsd), ...(routing && { routing }) }, 0);
}

/** Micro-USD that a call cost, as far as its provider told. */
export const costOfCall = ({ plan, outcome }: Pick<MadeCall, 'plan' | 'outcome'>): number => (outcome.usage ? costOf(outcome.usage, priceOf(plan, outcome)) : 0);

/** Gives back what was reserved for a call that was never made. */
export function notSentOf(attempt: Attempt, error: AppError, now: number): OutgoingMessage<'usage.recorded'> {
  return usageRecord(attempt, { result: Result.NOT_SENT, price: toWirePrice(attempt.plan.price), errorCode: error.code, finishedAtMs: BigInt(now) });
}

/** What the ledger is told of a call. Undefined when nobody knows what the provider did: the attempt stays open, and becomes UNKNOWN. */
export function recordOf(made: MadeCall, now: number): OutgoingMessage<'usage.recorded'> | undefined {
  const { outcome, plan } = made;
  const result = resultOf(outcome);
  if (result === undefined) return undefined;
  return usageRecord(made, {
    result,
    usage: outcome.usage && toWireUsage(outcome.usage),
    price: toWirePrice(priceOf(plan, outcome)),
    finishedAtMs: BigInt(now),
    durationMs: BigInt(Math.round(outcome.timings.totalMs)),
    errorCode: outcome.kind === 'failed' ? outcome.error.code : '',
    providerRequestId: outcome.providerRequestId ?? '',
  });
}

/** The price of what was used: that of long inputs only when this one was, for searches what the provider says, and of what came from the cache the mean of its kinds. */
export function priceOf(plan: CallPlan, { usage }: ProviderOutcome): TokenPrice {
  if (!usage) return plan.price;
  const price = priceForInput(plan.model, usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0) + (usage.audioInput ?? 0));
  const mixed = mixedCacheRead(price, { cacheRead: usage.cacheRead, sound: usage.cachedSound ?? 0 });
  return usage.requestPrice === undefined ? mixed : { ...mixed, request: usage.requestPrice };
}

function response(message: Request, fields: Partial<Pick<InferenceResponse, 'outcome' | 'spend' | 'routing'>>, parts: number): OutgoingMessage {
  const { attemptId, run } = message.payload;
  return outgoing({
    channel: 'inference.response',
    id: `${attemptId}.response`,
    tenantId: message.tenantId,
    correlationId: message.correlationId,
    trace: message.trace,
    to: message.replyTo,
    partitionKey: run?.runId ?? attemptId,
    payload: create(InferenceResponseSchema, { attemptId, run, parts: BigInt(parts), ...fields }),
  });
}

/** What the ledger is told again of an attempt that an earlier life made. */
export function toldAgain(message: Request, payload: UsageRecorded): OutgoingMessage<'usage.recorded'> {
  const { tenantId, correlationId, trace } = message;
  return { channel: 'usage.recorded', id: payload.attemptId, tenantId, correlationId, trace, payload };
}

type Facts = Partial<Pick<UsageRecorded, 'result' | 'usage' | 'price' | 'finishedAtMs' | 'durationMs' | 'errorCode' | 'providerRequestId'>>;

function usageRecord({ message, id, plan, route }: Attempt, facts: Facts): OutgoingMessage<'usage.recorded'> {
  const { attribution, run, model: requested } = message.payload;
  return toldAgain(message, create(UsageRecordedSchema, {
    ...facts, attemptId: id, attribution, provider: plan.model.target.name, model: plan.model.upstreamModel, runId: run?.runId ?? '', step: run?.step ?? 0, requested, route,
  }));
}

function resultOf(outcome: ProviderOutcome): Result | undefined {
  if (outcome.kind === 'completed') return Result.SUCCEEDED;
  switch (outcome.error.charge) {
    case 'none': return outcome.wasSent ? Result.FAILED : Result.NOT_SENT;
    case 'estimated': return isCancelled(outcome) ? Result.CANCELLED : Result.FAILED;
    case 'unknown': return undefined;
  }
}

function isCancelled(outcome: Failed): boolean {
  return outcome.error.code === 'cancelled';
}
