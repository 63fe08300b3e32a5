import { FinishReason, Outcome, RunStatus, type ProcessedRequest, type Run, type RunEvent, type RunUsage } from '@nexus/contracts';
import { fromWireError } from '@nexus/contracts';
import { completionUsage, type CompletionUsage } from './completion-usage.js';
import { toOpenAiError, type OpenAiError } from './openai-error.js';
import { toUnixSeconds } from './unix-seconds.js';

export interface RunUsageJson extends CompletionUsage {
  readonly cost_micro_usd: number;
  readonly steps: number;
  readonly model_calls: number;
  readonly tool_calls: number;
  readonly duration_ms: number;
  /** What it took of machines of one's own. */
  readonly run_units: number;
  /** True when what some call used is not known. */
  readonly is_partial: boolean;
}

export interface AnswerJson {
  readonly run_id: string;
  readonly thread_id: string;
  readonly message_id: string;
  readonly outcome: string;
  readonly text: string;
  readonly finish_reason: string | null;
  readonly files: readonly { readonly uri: string; readonly media_type: string; readonly name: string; readonly bytes: number }[];
  readonly choices: readonly { readonly id: string; readonly label: string }[];
  readonly citations: readonly { readonly url: string; readonly title: string }[];
  readonly usage: RunUsageJson | null;
  readonly error: OpenAiError['body']['error'] | null;
}

export interface RunJson {
  readonly id: string;
  readonly object: 'thread.run';
  readonly thread_id: string;
  readonly message_id: string;
  readonly agent: string;
  readonly status: string;
  readonly trace_id: string;
  readonly correlation_id: string;
  /** Null unless it is a fork. */
  readonly forked_from: { readonly run_id: string; readonly step: number } | null;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly usage: RunUsageJson | null;
  readonly error: OpenAiError['body']['error'] | null;
  readonly answer: AnswerJson | null;
}

/** A run as the API shows it; times in Unix seconds. */
export function runJson(run: Run, answer: ProcessedRequest | undefined): RunJson {
  return {
    id: run.id,
    object: 'thread.run',
    thread_id: run.threadId,
    message_id: run.messageId,
    agent: run.agent,
    status: lowerName(RunStatus[run.status]),
    trace_id: run.traceId,
    correlation_id: run.correlationId,
    forked_from: run.forkedFrom ? { run_id: run.forkedFrom.runId, step: run.forkedFrom.step } : null,
    created_at: toUnixSeconds(run.createdAt),
    finished_at: run.finishedAt > 0n ? toUnixSeconds(run.finishedAt) : null,
    usage: run.usage ? runUsageJson(run.usage) : null,
    error: run.error ? toOpenAiError(fromWireError(run.error)).body.error : null,
    answer: answer ? answerJson(answer) : null,
  };
}

/** A run as it was when it was accepted: the same for ever. */
export function acceptedRunJson(run: Run): RunJson {
  return { ...runJson(run, undefined), status: 'queued', finished_at: null, usage: null, error: null };
}

/** True once a run will change no more. */
export function isOver(run: Run): boolean {
  return run.status === RunStatus.SUCCEEDED || run.status === RunStatus.FAILED || run.status === RunStatus.CANCELLED;
}

export function answerJson(answer: ProcessedRequest): AnswerJson {
  return {
    run_id: answer.runId,
    thread_id: answer.threadId,
    message_id: answer.messageId,
    outcome: lowerName(Outcome[answer.outcome]),
    text: answer.text,
    finish_reason: answer.finishReason === FinishReason.UNSPECIFIED ? null : lowerName(FinishReason[answer.finishReason]),
    files: answer.files.map(({ uri, mediaType, name, bytes }) => ({ uri, media_type: mediaType, name, bytes: Number(bytes) })),
    choices: answer.choices.map(({ id, label }) => ({ id, label })),
    citations: answer.citations.map(({ url, title }) => ({ url, title })),
    usage: answer.usage ? runUsageJson(answer.usage) : null,
    error: answer.error ? toOpenAiError(fromWireError(answer.error)).body.error : null,
  };
}

/** A line of a run's timeline, without what was said. */
export function runEventJson(event: RunEvent): object {
  return { seq: event.seq, kind: event.kind, step: event.step, created_at_ms: Number(event.createdAt), cost_micro_usd: Number(event.costMicroUsd) };
}

function runUsageJson(usage: RunUsage): RunUsageJson {
  return {
    ...completionUsage(usage.tokens),
    cost_micro_usd: Number(usage.costMicroUsd),
    steps: usage.steps,
    model_calls: usage.modelCalls,
    tool_calls: usage.toolCalls,
    duration_ms: Number(usage.durationMs),
    run_units: Number(usage.runUnitsThousandths) / 1_000,
    is_partial: usage.isPartial,
  };
}

/** `ANSWERED` -> `answered`; a value that this version does not know is `unknown`. */
function lowerName(name: string | undefined): string {
  return name?.toLowerCase() ?? 'unknown';
}
