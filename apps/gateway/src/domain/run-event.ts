import type { ProgressPart } from '@nexus/contracts';
import { completionUsage } from './completion-usage.js';

/** A named server-sent event of a run, its data still an object. */
export interface RunStreamEvent {
  readonly event: 'accepted' | 'text_delta' | 'reasoning_delta' | 'tool_started' | 'tool_finished' | 'step_finished' | 'answer' | 'error' | 'reset';
  readonly data: object;
}

/** A live part as an event of the run's stream; undefined for parts that are none of it. */
export function runEvent(part: ProgressPart): RunStreamEvent | undefined {
  const of = { run_id: part.runId, step: part.step };
  switch (part.part.case) {
    case 'accepted':
      return { event: 'accepted', data: { run_id: part.runId, thread_id: part.part.value.threadId, message_id: part.messageId, queued_behind: part.part.value.queuedBehind } };
    case 'textDelta':
      return { event: 'text_delta', data: { ...of, text: part.part.value } };
    case 'reasoningDelta':
      return { event: 'reasoning_delta', data: { ...of, text: part.part.value } };
    case 'toolStarted': {
      const { call } = part.part.value;
      return { event: 'tool_started', data: { ...of, tool_call_id: call?.id ?? '', name: call?.name ?? '', arguments: call?.arguments ?? '' } };
    }
    case 'toolFinished': {
      const { result, durationMs } = part.part.value;
      return {
        event: 'tool_finished',
        data: { ...of, tool_call_id: result?.callId ?? '', name: result?.name ?? '', text: result?.text ?? '', is_error: result?.isError ?? false, duration_ms: Number(durationMs) },
      };
    }
    case 'stepFinished': {
      const { tokens, costMicroUsd, model } = part.part.value;
      return { event: 'step_finished', data: { ...of, model, usage: completionUsage(tokens), cost_micro_usd: Number(costMicroUsd) } };
    }
    case 'events':
    case undefined:
      return undefined;
  }
}
