import type { MessageInitShape } from '@bufbuild/protobuf';
import { OpenedAttempt_State as State, toWireError, type AttemptRowSchema, type BudgetSchema, type OpenedAttemptSchema, type UnknownAttemptSchema, type UsageRowSchema } from '@nexus/contracts';
import type { BudgetToday } from './domain/budget.js';
import type { UnknownAttempt } from './domain/owner.js';
import type { OpenedAttempt } from './handlers/open-attempts.handler.js';
import type { AttemptOfRun } from './storage/attempt.repository.js';
import type { UsageSum } from './storage/usage-report.js';

/** Answers as they travel. */
export function openedMessage(opened: OpenedAttempt): MessageInitShape<typeof OpenedAttemptSchema> {
  const { attemptId } = opened;
  switch (opened.state) {
    case 'opened': return { attemptId, state: State.OPENED, grantedOutputTokens: BigInt(opened.grantedOutputTokens) };
    case 'in_flight': return { attemptId, state: State.IN_FLIGHT, owner: opened.owner };
    case 'settled': return { attemptId, state: State.SETTLED, owner: opened.owner };
    case 'unknown': return { attemptId, state: State.UNKNOWN, owner: opened.owner };
    case 'refused': return { attemptId, state: State.REFUSED, error: toWireError(opened.error) };
  }
}

export function budgetMessage(budget: BudgetToday): MessageInitShape<typeof BudgetSchema> {
  const { id, name, period, limit, spent, reserved, resetsAt } = budget;
  return { id, name, period, limitMicroUsd: BigInt(limit), spentMicroUsd: BigInt(spent), reservedMicroUsd: BigInt(reserved), resetsAt: BigInt(resetsAt ?? 0) };
}

export function usageMessage(sum: UsageSum): MessageInitShape<typeof UsageRowSchema> {
  return {
    day: sum.day ?? '', provider: sum.provider ?? '', model: sum.model ?? '', client: sum.client ?? '', project: sum.project ?? '', keyId: sum.key ?? '',
    attempts: BigInt(sum.attempts), costMicroUsd: BigInt(sum.cost), tokens: tokensMessage(sum),
  };
}

export function attemptMessage(attempt: AttemptOfRun): MessageInitShape<typeof AttemptRowSchema> {
  return {
    attemptId: attempt.id, state: attempt.state, provider: attempt.provider, model: attempt.model, errorCode: attempt.errorCode ?? '',
    reservedMicroUsd: BigInt(attempt.reserved), costMicroUsd: BigInt(attempt.cost ?? 0),
    openedAt: BigInt(attempt.openedAt.getTime()), settledAt: BigInt(attempt.settledAt?.getTime() ?? 0),
    resolution: attempt.resolution ?? '',
    // Without a ledger row, or where a policy or a person booked a cost, nothing is known of its tokens, which is not the same as none.
    ...(attempt.input !== null && attempt.resolution !== 'policy' && attempt.resolution !== 'manual' && { usage: tokensMessage(attempt) }),
  };
}

export function unknownMessage({ price, runId, ...attempt }: UnknownAttempt): MessageInitShape<typeof UnknownAttemptSchema> {
  const { input, output, cacheRead, cacheWrite } = price;
  return { ...attempt, runId: runId ?? '', price: { input: BigInt(input), output: BigInt(output), cacheRead: BigInt(cacheRead), cacheWrite: BigInt(cacheWrite) } };
}

type Tokens = Pick<AttemptOfRun, 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'reasoning' | 'isEstimated'>;

function tokensMessage({ input, cacheRead, cacheWrite, output, reasoning, isEstimated }: Tokens) {
  return {
    input: BigInt(input ?? 0), cacheRead: BigInt(cacheRead ?? 0), cacheWrite: BigInt(cacheWrite ?? 0), output: BigInt(output ?? 0),
    reasoning: BigInt(reasoning ?? 0), estimated: isEstimated ?? false,
  };
}
