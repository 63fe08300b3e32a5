import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LedgerRowSchema, UsageRowSchema } from '@nexus/contracts';
import { priceMessage } from './handlers/token-buckets.js';
import type { LedgerEntry } from './storage/ledger-pages.js';
import type { UsageSum } from './storage/usage-report.js';
import { tokensMessage } from './usage-messages.js';

/** A line of a report as it travels. */
export function usageMessage(sum: UsageSum): MessageInitShape<typeof UsageRowSchema> {
  return {
    day: sum.day ?? '', provider: sum.provider ?? '', model: sum.model ?? '', client: sum.client ?? '', project: sum.project ?? '', keyId: sum.key ?? '',
    user: sum.user ?? '', agent: sum.agent ?? '', attempts: BigInt(sum.attempts), failed: BigInt(sum.failed), costMicroUsd: BigInt(sum.cost), tokens: tokensMessage(sum),
  };
}

/** A row of the ledger as it travels. */
export function ledgerMessage(row: LedgerEntry): MessageInitShape<typeof LedgerRowSchema> {
  const { attemptId, correction, day, result, provider, model, tool, step, errorCode, requested, route, providerRequestId, traceId, resolution, tokens, isEstimated } = row;
  const { client, project, keyId, user, agent, threadId } = row;
  return {
    attemptId, correction, day, result, provider, model, tool, step, errorCode, requested, route, providerRequestId, traceId, resolution,
    settledAt: BigInt(row.settledAt.getTime()), finishedAt: BigInt(row.finishedAt.getTime()), durationMs: BigInt(row.durationMs),
    tokens: tokensMessage({ ...tokens, isEstimated }), price: priceMessage(row.price), costMicroUsd: BigInt(row.cost), reservedMicroUsd: BigInt(row.reserved),
    attribution: { client, project, keyId, user, agent, threadId }, runId: row.runId ?? '',
  };
}
