import { AppError, assertExhaustive } from '@nexus/core';
import { FinishReason, Outcome, fromWireError, type ProcessedRequest } from '@nexus/contracts';
import { completionUsage, type CompletionUsage } from './completion-usage.js';

/** What NEXUS adds to an agent's completion: which run it was, what it did and what it cost. */
export interface NexusExtension {
  readonly run_id: string;
  readonly thread_id: string;
  readonly cost_micro_usd: number;
  readonly steps: number;
  readonly model_calls: number;
  readonly tool_calls: number;
  readonly duration_ms: number;
  readonly run_units: number;
}

/** What an OpenAI client gets to know of one completion. */
export interface CompletionIdentity {
  readonly id: string;
  /** As the client wrote it. */
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
}

export type OpenAiFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** An agent's answer as one `chat.completion`. Throws the run's error when there is no answer. */
export function toChatCompletion(answer: ProcessedRequest, identity: CompletionIdentity): object {
  requireAnswer(answer);
  return {
    id: identity.id,
    object: 'chat.completion',
    created: identity.created,
    model: identity.model,
    choices: [{ index: 0, message: { role: 'assistant', content: answer.text, refusal: null }, logprobs: null, finish_reason: finishReason(answer) }],
    usage: usageOf(answer),
    nexus: nexusExtension(answer),
  };
}

/** Throws what came instead of an answer: the run's error, or that it was cancelled. */
export function requireAnswer(answer: ProcessedRequest): void {
  switch (answer.outcome) {
    case Outcome.ANSWERED:
      return;
    case Outcome.CANCELLED:
      throw new AppError('run_cancelled', 'The run was cancelled before it had an answer.', { status: 409 });
    case Outcome.FAILED:
    case Outcome.REFUSED:
    case Outcome.UNSPECIFIED:
      throw answer.error ? fromWireError(answer.error) : new AppError('internal', 'The run ended without an answer and without a reason.');
    default:
      assertExhaustive(answer.outcome);
  }
}

export function usageOf(answer: ProcessedRequest): CompletionUsage {
  return completionUsage(answer.usage?.tokens);
}

export function nexusExtension(answer: ProcessedRequest): NexusExtension {
  return {
    run_id: answer.runId,
    thread_id: answer.threadId,
    cost_micro_usd: Number(answer.usage?.costMicroUsd ?? 0n),
    steps: answer.usage?.steps ?? 0,
    model_calls: answer.usage?.modelCalls ?? 0,
    tool_calls: answer.usage?.toolCalls ?? 0,
    duration_ms: Number(answer.usage?.durationMs ?? 0n),
    run_units: Number(answer.usage?.runUnitsThousandths ?? 0n) / 1_000,
  };
}

/** Never `tool_calls`: an agent's tools have been called when it answers, the client has nothing to do. */
export function finishReason(answer: ProcessedRequest): OpenAiFinishReason {
  switch (answer.finishReason) {
    case FinishReason.LENGTH:
      return 'length';
    case FinishReason.CONTENT_FILTER:
      return 'content_filter';
    case FinishReason.STOP:
    case FinishReason.TOOL_CALLS:
    case FinishReason.OTHER:
    case FinishReason.UNSPECIFIED:
      return 'stop';
    default:
      return assertExhaustive(answer.finishReason);
  }
}
