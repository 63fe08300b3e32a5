import { AppError } from '@nexus/core';
import { z } from 'zod';
import { storableText } from './storable-text.js';

const MAX_LIMIT = 1_000_000_000_000_000n;

const schema = z.object({
  name: z.string().transform((text) => storableText(text.trim(), 101)).refine((text) => text.length >= 1 && text.length <= 100, 'must have 1 to 100 characters'),
  period: z.enum(['day', 'month', 'total'], 'must be day, month or total'),
  limitMicroUsd: z.bigint().min(0n, 'must not be negative').max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`).transform(Number),
});

/** The budget that a request asks for. Throws AppError `invalid_request` (400) with its `param`. */
export function budgetRequestFrom(request: { readonly name: string; readonly period: string; readonly limitMicroUsd: bigint }): z.output<typeof schema> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join('.') === 'limitMicroUsd' ? 'limit_micro_usd' : (issue?.path.join('.') ?? '');
  throw new AppError('invalid_request', `${param} ${issue?.message ?? 'is not valid'}.`, { status: 400, param });
}
