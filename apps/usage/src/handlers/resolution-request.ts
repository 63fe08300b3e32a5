import { AppError } from '@nexus/core';
import { z } from 'zod';
import { idSchema } from './planned-attempt.js';

const MAX_COST = 1_000_000_000_000n;

const schema = z.object({
  attemptId: idSchema,
  costMicroUsd: z.bigint().min(0n, 'must not be negative').max(MAX_COST, `must be at most ${MAX_COST}`).transform(Number),
});

/** The resolution that a request asks for. Throws AppError `invalid_request` (400) with its `param`. */
export function resolutionRequestFrom(request: { readonly attemptId: string; readonly costMicroUsd: bigint }): z.output<typeof schema> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path[0] === 'costMicroUsd' ? 'cost_micro_usd' : 'attempt_id';
  throw new AppError('invalid_request', `${param} ${issue?.message ?? 'is not valid'}.`, { status: 400, param });
}
