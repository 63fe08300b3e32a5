import { Outcome, tokensJson, type RunAccepted, type StoredRunEvent } from '@nexus/contracts';
import { lastRouting } from './answer.js';
import type { RunState } from './run-state.js';
import { usageOf } from './usage-sum.js';

const outcomes = { [Outcome.ANSWERED]: 'answered', [Outcome.FAILED]: 'failed', [Outcome.CANCELLED]: 'cancelled', [Outcome.REFUSED]: 'refused' } as const;

/**
 * What those outside are told of a run that is over: whose it was and what it took, nothing of what was said. What is not known is null.
 * Always the same for the same run. Throws when it is not over.
 */
export function runFinishedData(state: RunState, accepted: RunAccepted, events: readonly StoredRunEvent[]): Readonly<Record<string, unknown>> {
  const { ending } = state;
  if (ending === undefined) throw new Error(`run ${state.runId} is not over`);
  const { request, attribution } = accepted;
  const usage = usageOf(state.usage, state.step, ending.at - state.acceptedAt);
  return {
    run_id: state.runId,
    thread_id: state.threadId,
    message_id: accepted.messageId,
    surface: request?.surface || null,
    chat_id: request?.chatId || null,
    agent: attribution?.agent || null,
    outcome: outcomes[ending.outcome],
    error_code: ending.error?.code ?? null,
    model: lastModel(events),
    tokens: usage.tokens === undefined ? null : tokensJson(usage.tokens),
    cost_micro_usd: Number(usage.costMicroUsd),
    client: attribution?.client || null,
    project: attribution?.project || null,
    user: attribution?.user || null,
    duration_ms: Number(usage.durationMs),
  };
}

/** `provider/model` of the last model call, if one was made. */
function lastModel(events: readonly StoredRunEvent[]): string | null {
  const routed = lastRouting(events)?.model;
  if (routed) return routed;
  const last = events.findLast(({ event }) => event.case === 'modelAnswered')?.event;
  const spend = last?.case === 'modelAnswered' ? last.value.spend : undefined;
  return spend === undefined ? null : `${spend.provider}/${spend.model}`;
}
