import type { Message } from '@nexus/channels';
import { UsageRecorded_Result as Result } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { AttemptResult, Resolution, UsageRecord } from '../domain/attempt.js';
import { attributionFrom, attributionSchema, idSchema, runIdSchema } from './planned-attempt.js';
import { storableText } from './storable-text.js';
import { tokenCountFrom, tokenPriceFrom, tokenPriceSchema, tokenUsageSchema } from './token-buckets.js';

/** Characters of a reason that are kept. */
const MAX_ROUTE = 500;
/** The end of the year 9999: what comes later is written in a way that Postgres does not read. */
const MAX_TIME = 253_402_300_799_999;

const label = z.string();

const recordSchema = z.object({
  attemptId: idSchema,
  result: z.enum(Result),
  usage: tokenUsageSchema.optional(),
  price: tokenPriceSchema.optional(),
  provider: label,
  model: label,
  tool: label,
  attribution: attributionSchema.optional(),
  runId: runIdSchema,
  step: z.number(),
  requested: label,
  route: label,
  finishedAtMs: z.bigint(),
  durationMs: z.bigint(),
  errorCode: label,
  providerRequestId: label,
  resolution: z.enum(['', 'owner', 'provider', 'policy', 'manual'] satisfies Resolution[], 'must be empty, `owner`, `provider`, `policy` or `manual`'),
});

/** The record of a message. Throws AppError `invalid_usage_record` (400), which makes a dead letter of it, when what it cost cannot be told from it. */
export function usageRecordFrom({ tenantId, payload, trace }: Message<'usage.recorded'>): UsageRecord {
  if (!idSchema.safeParse(tenantId).success) throw invalid('tenant', 'must be a lower-case UUID');
  const parsed = recordSchema.safeParse(payload);
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.path.join('.') ?? '', parsed.error.issues[0]?.message ?? 'is not valid');
  const record = parsed.data;
  const { usage } = record;
  return {
    tenantId,
    attemptId: record.attemptId,
    result: resultFrom(record.result),
    provider: storableText(record.provider),
    model: storableText(record.model),
    tool: storableText(record.tool),
    tokens: tokenCountFrom(usage),
    isEstimated: usage?.estimated ?? false,
    price: record.price && tokenPriceFrom(record.price),
    attribution: attributionFrom(record.attribution),
    runId: record.runId === '' ? undefined : record.runId,
    step: Math.max(record.step, 0),
    requested: storableText(record.requested),
    route: storableText(record.route, MAX_ROUTE),
    finishedAtMs: timeFrom(record.finishedAtMs),
    durationMs: timeFrom(record.durationMs),
    errorCode: storableText(record.errorCode),
    providerRequestId: storableText(record.providerRequestId),
    traceId: trace?.traceId ?? '',
    resolution: record.resolution,
  };
}

/** What is not money must not keep money from being booked: out of range becomes the nearest value. */
function timeFrom(ms: bigint): number {
  return Math.min(Math.max(Number(ms), 0), MAX_TIME);
}

function resultFrom(result: Result): AttemptResult {
  switch (result) {
    case Result.SUCCEEDED: return 'succeeded';
    case Result.FAILED: return 'failed';
    case Result.NOT_SENT: return 'not_sent';
    case Result.CANCELLED: return 'cancelled';
    case Result.UNSPECIFIED: throw invalid('result', 'must be set');
  }
}

function invalid(param: string, advice: string): AppError {
  return new AppError('invalid_usage_record', `A usage record is not valid: ${param} ${advice}.`, { status: 400, param });
}
