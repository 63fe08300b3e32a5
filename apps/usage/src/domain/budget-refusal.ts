import { AppError } from '@nexus/core';
import { windowEnd, type BudgetPeriod } from './budget-window.js';

/** The budget that could not pay for an attempt, and the day on which it could not. */
export interface ExhaustedBudget {
  readonly name: string;
  readonly period: BudgetPeriod;
  readonly day: string;
}

/** `budget_exceeded` (429): retryable once the budget begins anew, which one of period `total` never does. */
export function budgetExceeded({ name, period, day }: ExhaustedBudget, now: number): AppError {
  const end = windowEnd(period, day);
  if (end === undefined) {
    return new AppError('budget_exceeded', `The budget "${name}" has not enough left for this call. Raise it to go on.`, { status: 429 });
  }
  const when = new Date(end).toISOString().slice(0, 16).replace('T', ' ');
  return new AppError('budget_exceeded', `The budget "${name}" has not enough left this ${period} for this call. It begins anew at ${when} UTC; raise it to go on now.`, {
    status: 429,
    isRetryable: true,
    retryAfterMs: Math.max(end - now, 0),
  });
}
