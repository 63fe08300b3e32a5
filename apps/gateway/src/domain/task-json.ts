import { TaskState, fromWireError, type ProcessedRequest, type QueuedTask, type RunUsage } from '@nexus/contracts';
import { openAiErrorBody, type OpenAiError } from './openai-error.js';
import { toUnixSeconds } from './unix-seconds.js';

/** Tokens in exclusive buckets; only reasoning is a part of another, of output. */
export interface TaskTokens {
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write: number;
  readonly output: number;
  readonly reasoning: number;
  readonly total: number;
}

/** What a task came to: the answer, the model of its last step and why that one, and what all of it cost. */
export interface TaskAnswerJson {
  /** The run's id. */
  readonly id: string;
  readonly thread_id: string;
  readonly answer: string;
  /** Null where nothing was told of it, or nothing classified. */
  readonly model: string | null;
  readonly tier: string | null;
  readonly confidence: number | null;
  readonly reason: string | null;
  readonly classifier: string | null;
  readonly fallbacks: readonly { readonly model: string; readonly code: string; readonly reason: string }[];
  readonly tokens: TaskTokens;
  readonly cost_usd: number;
  readonly cost_micro_usd: number;
  /** True when what some call used is not known. */
  /** What it took of machines of one's own. */
  readonly run_units: number;
  readonly is_partial: boolean;
}

export interface QueuedTaskJson {
  readonly id: string;
  readonly object: 'task';
  readonly task: string;
  readonly agent: string;
  readonly model: string;
  readonly state: string;
  /** 1 is the next; null unless queued. */
  readonly position: number | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly result: TaskAnswerJson | null;
  readonly error: OpenAiError['body']['error'] | null;
}

/** The answer of a run as the answer to a task. */
export function taskAnswerJson({ runId, threadId, text, usage }: ProcessedRequest): TaskAnswerJson {
  const routing = usage?.routing;
  const isClassified = routing !== undefined && routing.classifier !== '';
  const cost = Number(usage?.costMicroUsd ?? 0n);
  return {
    id: runId,
    thread_id: threadId,
    answer: text,
    model: routing?.model || null,
    tier: routing?.tier || null,
    confidence: isClassified ? routing.confidence : null,
    reason: routing?.reason || null,
    classifier: routing?.classifier || null,
    fallbacks: (routing?.fallbacks ?? []).map(({ model, code, reason }) => ({ model, code, reason })),
    tokens: tokensOf(usage),
    cost_usd: cost / 1_000_000,
    cost_micro_usd: cost,
    run_units: Number(usage?.runUnitsThousandths ?? 0n) / 1_000,
    is_partial: usage?.isPartial ?? false,
  };
}

/** A queued task as the API shows it; times in Unix seconds. */
export function queuedTaskJson({ id, text, agent, model, state, position, createdAt, startedAt, finishedAt, answer }: QueuedTask): QueuedTaskJson {
  return {
    id,
    object: 'task',
    task: text,
    agent: agent || 'default',
    model,
    state: TaskState[state]?.toLowerCase() ?? 'unknown',
    position: position || null,
    created_at: toUnixSeconds(createdAt),
    started_at: startedAt > 0n ? toUnixSeconds(startedAt) : null,
    finished_at: finishedAt > 0n ? toUnixSeconds(finishedAt) : null,
    result: answer && answer.runId !== '' ? taskAnswerJson(answer) : null,
    error: answer?.error ? openAiErrorBody(fromWireError(answer.error)).error : null,
  };
}

function tokensOf(usage: RunUsage | undefined): TaskTokens {
  const tokens = usage?.tokens;
  const input = Number((tokens?.input ?? 0n) + (tokens?.audioInput ?? 0n));
  const cacheRead = Number(tokens?.cacheRead ?? 0n);
  const cacheWrite = Number((tokens?.cacheWrite ?? 0n) + (tokens?.cacheWrite1h ?? 0n));
  const output = Number((tokens?.output ?? 0n) + (tokens?.audioOutput ?? 0n));
  return { input, cache_read: cacheRead, cache_write: cacheWrite, output, reasoning: Number(tokens?.reasoning ?? 0n), total: input + cacheRead + cacheWrite + output };
}
