import { Outcome, type ProcessedRequest, type RunUsage } from '@nexus/contracts';
import { assertExhaustive, formatUsd } from '@nexus/core';
import { count } from './count.js';
import { formatDuration } from './duration.js';

/** `2 steps, 2 tool calls, 412 tokens, $0.000000, 0.112 run units, 130 ms`. */
export function describeUsage(usage: RunUsage | undefined): string {
  if (usage === undefined) return 'nothing was used';
  const { tokens } = usage;
  const total = tokens === undefined ? 0n : tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output;
  const atLeast = usage.isPartial ? 'at least ' : '';
  const cost = `${atLeast}${formatUsd(Number(usage.costMicroUsd))}`;
  const about = atLeast || (tokens?.estimated ? 'about ' : '');
  const units = usage.runUnitsThousandths > 0n ? [`${Number(usage.runUnitsThousandths) / 1_000} run units`] : [];
  return [count(usage.steps, 'step'), count(usage.toolCalls, 'tool call'), `${about}${count(total, 'token')}`, cost, ...units, formatDuration(Number(usage.durationMs))].join(', ');
}

/** What an answer took, and the ids under which it is found again. */
export function runSummary(answer: ProcessedRequest): string {
  return `${describeUsage(answer.usage)}  (run ${answer.runId}, thread ${answer.threadId})`;
}

/** Why there is no answer. */
export function describeError({ outcome, error }: ProcessedRequest): string {
  const reason = error === undefined ? '' : `: ${error.message} [${error.code}]`;
  switch (outcome) {
    case Outcome.ANSWERED: return '';
    case Outcome.CANCELLED: return `Cancelled${reason}`;
    case Outcome.REFUSED: return `Refused${reason}`;
    case Outcome.FAILED:
    case Outcome.UNSPECIFIED: return `Not answered${reason}`;
    default: return assertExhaustive(outcome);
  }
}
