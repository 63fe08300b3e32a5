import type { MessageInitShape } from '@bufbuild/protobuf';
import { OpenedAttempt_State as State, UsageRecorded_Result as Result, toWireError, type AttemptRowSchema, type OpenedAttemptSchema, type UnknownAttemptSchema } from '@nexus/contracts';
import { whenReachedMessage } from './budget-messages.js';
import type { AttemptResult } from './domain/attempt.js';
import type { UnknownAttempt } from './domain/owner.js';
import type { OpenedAttempt } from './handlers/open-attempts.handler.js';
import { priceMessage } from './handlers/token-buckets.js';
import type { AttemptOfRun } from './storage/attempt.repository.js';
import type { Buckets } from './storage/bucket-columns.js';

/** Answers as they travel. */
export function openedMessage(opened: OpenedAttempt): MessageInitShape<typeof OpenedAttemptSchema> {
  const { attemptId } = opened;
  switch (opened.state) {
    case 'opened': return { attemptId, state: State.OPENED, grantedOutputTokens: BigInt(opened.grantedOutputTokens) };
    case 'in_flight': return { attemptId, state: State.IN_FLIGHT, owner: opened.owner };
    case 'settled': return { attemptId, state: State.SETTLED, owner: opened.owner, result: resultMessage(opened.result) };
    case 'unknown': return { attemptId, state: State.UNKNOWN, owner: opened.owner };
    case 'refused':
      return { attemptId, state: State.REFUSED, error: toWireError(opened.error), whenReached: whenReachedMessage(opened.whenReached), affordableMicroUsd: BigInt(opened.affordable) };
  }
}

function resultMessage(result: AttemptResult | undefined): Result {
  switch (result) {
    case 'succeeded': return Result.SUCCEEDED;
    case 'failed': return Result.FAILED;
    case 'not_sent': return Result.NOT_SENT;
    case 'cancelled': return Result.CANCELLED;
    case undefined: return Result.UNSPECIFIED;
  }
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
  return { ...attempt, runId: runId ?? '', price: priceMessage(price) };
}

/** Buckets as the ledger has them, in the words of the wire, where the output includes its reasoning. */
export function tokensMessage({ isEstimated, output, reasoning, ...others }: Partial<Readonly<Record<keyof Buckets, number | null>>> & { readonly isEstimated: boolean | null }) {
  const count = (value: number | null | undefined): bigint => BigInt(value ?? 0);
  return {
    input: count(others.input), cacheRead: count(others.cacheRead), cacheWrite: count(others.cacheWrite), cacheWrite1h: count(others.cacheWrite1h),
    output: count(output) + count(reasoning), reasoning: count(reasoning), audioInput: count(others.audioInput), audioOutput: count(others.audioOutput),
    images: count(others.images), requests: count(others.requests), estimated: isEstimated ?? false,
  };
}
