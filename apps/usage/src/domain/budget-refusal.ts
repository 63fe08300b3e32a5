import { AppError } from '@nexus/core';
import type { BudgetScope } from './budget.js';
import { windowEnd, type BudgetPeriod } from './budget-window.js';

/** The budget that could not pay for an attempt, and the day on which it could not. */
export interface ExhaustedBudget {
  readonly name: string;
  readonly scope: BudgetScope;
  /** Whose use of it; empty for the tenant's. */
  readonly subject: string;
  readonly period: BudgetPeriod;
  readonly day: string;
}

/** `budget_exceeded` (429): retryable once the budget begins anew, which one of period `total` never does. */
export function budgetExceeded({ name, scope, subject, period, day }: ExhaustedBudget, now: number): AppError {
  const end = windowEnd(period, day);
  const budget = `"${name}"${scope === 'tenant' ? '' : ` of ${scope} "${subject}"`}`;
  if (end === undefined) {
    return new AppError('budget_exceeded', `The budget ${budget} has not enough left for this call. Raise it to go on.`, { status: 429 });
  }
  const when = new Date(end).toISOString().slice(0, 16).replace('T', ' ');
  return new AppError('budget_exceeded', `The budget ${budget} has not enough left this ${period} for this call. It begins anew at ${when} UTC; raise it to go on now.`, {
    status: 429,
    isRetryable: true,
    retryAfterMs: Math.max(end - now, 0),
  });
}

/** `budget_exceeded` (429) of an attempt whose budget was deleted since: under its id it stays refused. */
export function refusedBefore(): AppError {
  return new AppError('budget_exceeded', 'A budget that is there no more refused this call. Ask again under a new id.', { status: 429 });
}
