import { create } from '@bufbuild/protobuf';
import { outgoing, type Message, type OutgoingMessage } from '@nexus/channels';
import { CompletionSchema, InferenceResponseSchema, SpendSchema, UsageRecordedSchema, UsageRecorded_Result as Result, toWireError, type InferenceResponse, type UsageRecorded } from '@nexus/contracts';
import { costOf, type AppError, type TokenPrice } from '@nexus/core';
import { attributes, type Span } from '@nexus/runtime';
import { priceForInput } from '../domain/model-catalog.js';
import type { CallPlan } from '../domain/plan-call.js';
import type { Failed, ProviderOutcome, Usage } from '../providers/provider-outcome.js';
import { toChatMessage, toWireFinish, toWirePrice, toWireUsage } from '../providers/to-contract.js';

type Request = Message<'inference.request'>;

/** A call that was made, and how it ended. */
export interface MadeCall {
  readonly message: Request;
  readonly plan: CallPlan;
  readonly outcome: ProviderOutcome;
  /** Live parts that were published. */
  readonly parts: number;
  /** What those who wait are told instead of the provider's error. */
  readonly told: AppError | undefined;
}

/** The answer and the usage record of a call that was made. */
export function answerOf({ message, plan, outcome, parts, told }: MadeCall, now: number, span: Span): OutgoingMessage[] {
  const usage = outcome.usage;
  const price = usage ? priceForInput(plan.model, usage.input + usage.cacheRead + usage.cacheWrite) : plan.price;
  const spend = usage && {
    provider: plan.model.target.name, model: plan.model.upstreamModel, usage: toWireUsage(usage), costMicroUsd: BigInt(costOf(usage, price)), durationMs: BigInt(Math.round(outcome.timings.totalMs)),
  };
  if (span.isRecording) describe(span, plan, outcome, usage, price);
  const records = recordsOf(message, plan, outcome, price, now);
  if (outcome.kind === 'failed') {
    span.recordError(outcome.error);
    return [response(message, { outcome: { case: 'error', value: toWireError(told ?? outcome.error) }, spend: spend && create(SpendSchema, spend) }, parts), ...records];
  }
  const isPlain = message.payload.input.case === 'body';
  const completion = create(CompletionSchema, {
    output: isPlain ? { case: 'body', value: outcome.body ?? new Uint8Array() } : { case: 'message', value: toChatMessage(outcome.message()) },
    finishReason: toWireFinish(outcome.finishReason),
  });
  return [response(message, { outcome: { case: 'completion', value: completion }, spend: spend && create(SpendSchema, spend) }, parts), ...records];
}

/** The answer when no provider was called. */
export function refusalOf(message: Request, error: AppError): OutgoingMessage {
  return response(message, { outcome: { case: 'error', value: toWireError(error) } }, 0);
}

/** Gives back what was reserved for a call that was never made. */
export function notSentOf(message: Request, plan: CallPlan, error: AppError, now: number): OutgoingMessage {
  return usageRecord(message, plan, { result: Result.NOT_SENT, price: toWirePrice(plan.price), errorCode: error.code, finishedAtMs: BigInt(now) });
}

function response(message: Request, fields: Partial<Pick<InferenceResponse, 'outcome' | 'spend'>>, parts: number): OutgoingMessage {
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

/** Nothing is recorded when nobody knows what the provider did: the attempt stays open, and becomes UNKNOWN. */
function recordsOf(message: Request, plan: CallPlan, outcome: ProviderOutcome, price: TokenPrice, now: number): OutgoingMessage[] {
  const result = resultOf(outcome);
  if (result === undefined) return [];
  return [usageRecord(message, plan, {
    result,
    usage: outcome.usage && toWireUsage(outcome.usage),
    price: toWirePrice(price),
    finishedAtMs: BigInt(now),
    durationMs: BigInt(Math.round(outcome.timings.totalMs)),
    errorCode: outcome.kind === 'failed' ? outcome.error.code : '',
    providerRequestId: outcome.providerRequestId ?? '',
  })];
}

function usageRecord(message: Request, plan: CallPlan, facts: Partial<Pick<UsageRecorded, 'result' | 'usage' | 'price' | 'finishedAtMs' | 'durationMs' | 'errorCode' | 'providerRequestId'>>): OutgoingMessage {
  const { attemptId, attribution, run } = message.payload;
  return outgoing({
    channel: 'usage.recorded',
    id: attemptId,
    tenantId: message.tenantId,
    correlationId: message.correlationId,
    trace: message.trace,
    payload: create(UsageRecordedSchema, { ...facts, attemptId, attribution, provider: plan.model.target.name, model: plan.model.upstreamModel, runId: run?.runId ?? '' }),
  });
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

function describe(span: Span, plan: CallPlan, outcome: ProviderOutcome, usage: Usage | undefined, price: TokenPrice): void {
  span.setAttributes({
    [attributes.providerName]: plan.model.target.name,
    ...(outcome.kind === 'completed' && { [attributes.responseModel]: outcome.model, [attributes.finishReasons]: [outcome.finishReason] }),
    ...(usage && {
      [attributes.inputTokens]: usage.input + usage.cacheRead + usage.cacheWrite,
      [attributes.outputTokens]: usage.output,
      [attributes.cacheReadTokens]: usage.cacheRead,
      [attributes.cacheCreationTokens]: usage.cacheWrite,
      [attributes.reasoningTokens]: usage.reasoning,
      [attributes.costMicroUsd]: costOf(usage, price),
    }),
  });
}
