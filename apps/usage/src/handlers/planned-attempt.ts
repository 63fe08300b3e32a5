import type { Attempt } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { Attribution, PlannedAttempt } from '../domain/attempt.js';
import { storableText } from './storable-text.js';
import { tokenPriceFrom, tokenPriceSchema } from './token-buckets.js';

const MAX_TOKENS = 100_000_000n;
const NOBODY: Attribution = { client: '', project: '', keyId: '', user: '', agent: '', threadId: '' };

// Schemas of the hot path only check: a transform in zod costs several times the check, so values are converted by hand.
export const idSchema = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a lower-case UUID');
export const runIdSchema = z.literal('', 'must be a lower-case UUID or empty').or(idSchema);
export const attributionSchema = z.object({ client: z.string(), project: z.string(), keyId: z.string(), user: z.string(), agent: z.string(), threadId: z.string() });
const name = z.string().min(1, 'must not be empty');
const tokens = z.bigint().min(0n, 'must not be negative').max(MAX_TOKENS, `must be at most ${MAX_TOKENS}`);

const requestSchema = z
  .array(
    z.object({
      tenantId: idSchema,
      attemptId: idSchema,
      owner: name,
      provider: name,
      model: name,
      maxInputTokens: tokens,
      maxOutputTokens: tokens,
      minOutputTokens: tokens,
      price: tokenPriceSchema,
      attribution: attributionSchema.optional(),
      runId: runIdSchema,
      step: z.number().int().min(0, 'must not be negative'),
    }),
  )
  .max(1_000, 'can hold at most 1000')
  .refine((attempts) => new Set(attempts.map(({ attemptId }) => attemptId)).size === attempts.length, 'must not hold an attempt twice');
type CheckedAttempt = z.output<typeof requestSchema>[number];

/** The attempts of a request. Throws AppError `invalid_request` (400) with the place of what is wrong, e.g. `attempts.3.price`. */
export function plannedAttemptsFrom(attempts: readonly Attempt[]): PlannedAttempt[] {
  const parsed = requestSchema.safeParse(attempts);
  if (parsed.success) return parsed.data.map(plannedAttempt);
  const [issue] = parsed.error.issues;
  const param = ['attempts', ...(issue?.path ?? [])].join('.');
  throw new AppError('invalid_request', `${param}: ${issue?.message ?? 'is not valid'}`, { status: 400, param });
}

function plannedAttempt(attempt: CheckedAttempt): PlannedAttempt {
  return {
    tenantId: attempt.tenantId,
    attemptId: attempt.attemptId,
    owner: storableText(attempt.owner),
    provider: storableText(attempt.provider),
    model: storableText(attempt.model),
    maxInputTokens: Number(attempt.maxInputTokens),
    maxOutputTokens: Number(attempt.maxOutputTokens),
    minOutputTokens: Number(attempt.minOutputTokens),
    price: tokenPriceFrom(attempt.price),
    attribution: attributionFrom(attempt.attribution),
    runId: attempt.runId === '' ? undefined : attempt.runId,
    step: attempt.step,
  };
}

export function attributionFrom(labels: z.output<typeof attributionSchema> | undefined): Attribution {
  if (labels === undefined) return NOBODY;
  return {
    client: storableText(labels.client), project: storableText(labels.project), keyId: storableText(labels.keyId),
    user: storableText(labels.user), agent: storableText(labels.agent), threadId: storableText(labels.threadId),
  };
}
