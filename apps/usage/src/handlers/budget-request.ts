import type { LiftBudgetRequest, SetBudgetRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import { levelNamed, scopeNamed, wishNamed } from '../budget-messages.js';
import type { BudgetTerms } from '../domain/budget.js';
import { storableText } from './storable-text.js';

const MAX_LIMIT = 1_000_000_000_000_000n;
const MAX_AGENTS = 100;
const MIN_LIFT = 60n;
/** A week. */
const MAX_LIFT = 604_800n;

const name = z.string().transform((text) => storableText(text.trim(), 101)).refine((text) => text.length >= 1 && text.length <= 100, 'must have 1 to 100 characters');

/** What is unset is what budgets were before there was a choice: the tenant's, hard, refusing. */
const schema = z.object({
  name,
  period: z.enum(['day', 'month', 'total'], 'must be day, month or total'),
  limitMicroUsd: z.bigint().min(0n, 'must not be negative').max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`).transform(Number),
  scope: z.number().transform((told) => (told === 0 ? 'tenant' : scopeNamed(told))).refine((scope) => scope !== undefined, 'must be a known scope'),
  subject: z.string().max(200, 'must have at most 200 characters').transform((text) => storableText(text)),
  level: z.number().transform((told) => (told === 0 ? 'hard' : levelNamed(told))).refine((level) => level !== undefined, 'must be a known level'),
  whenReached: z.number().transform((told) => (told === 0 ? 'refuse' : wishNamed(told))).refine((wish) => wish !== undefined, 'must be a known wish'),
  exemptAgents: z.array(name).max(MAX_AGENTS, `can hold at most ${MAX_AGENTS}`),
})
  .refine(({ scope, subject }) => scope !== 'tenant' || subject === '', { path: ['subject'], message: 'must be empty for the budget of the tenant' })
  .refine(({ scope, subject }) => scope === 'tenant' || subject !== '', { path: ['subject'], message: 'must name whose budget it is, or * for one of each' })
  .refine(({ level, exemptAgents }) => level === 'critical' || exemptAgents.length === 0, { path: ['exemptAgents'], message: 'needs a critical budget' });

const liftSchema = z.object({
  name,
  seconds: z.bigint().refine((seconds) => seconds === 0n || (seconds >= MIN_LIFT && seconds <= MAX_LIFT), `must be 0, or ${MIN_LIFT} to ${MAX_LIFT}`).transform(Number),
  reason: z.string().transform((text) => storableText(text.trim(), 500)),
});

const PARAMS: Readonly<Record<string, string>> = { limitMicroUsd: 'limit_micro_usd', whenReached: 'when_reached', exemptAgents: 'exempt_agents' };

/** The budget that a request asks for. Throws AppError `invalid_request` (400) with its `param`. */
export function budgetRequestFrom(request: SetBudgetRequest): BudgetTerms {
  const { limitMicroUsd: limit, ...terms } = checked(schema, request);
  return { ...terms, limit };
}

/** The name in a request. Throws AppError `invalid_request` (400). */
export function budgetNameFrom(request: { readonly name: string }): string {
  return checked(z.object({ name }), request).name;
}

/** How many alerts are asked for; 100 when nothing is said. Throws AppError `invalid_request` (400). */
export function alertLimitFrom(request: { readonly limit: number }): number {
  return checked(z.object({ limit: z.number().int().min(0, 'must not be negative').max(1_000, 'must be at most 1000') }), request).limit || 100;
}

/** What is to be lifted for how many seconds; 0 ends it. Throws AppError `invalid_request` (400) with its `param`. */
export function liftRequestFrom(request: LiftBudgetRequest): z.output<typeof liftSchema> {
  return checked(liftSchema, request);
}

function checked<Schema extends z.ZodType>(of: Schema, request: unknown): z.output<Schema> {
  const parsed = of.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? '');
  const param = PARAMS[field] ?? field;
  throw new AppError('invalid_request', `${param} ${issue?.message ?? 'is not valid'}.`, { status: 400, param });
}
