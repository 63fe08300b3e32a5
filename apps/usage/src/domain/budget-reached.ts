import type { BudgetAlert } from './budget-alert.js';

/** What those outside are told of a budget that was reached. Money in micro-USD; empty is null. */
export function budgetReachedData({ budget, scope, subject, level, limit, amount, windowStart }: BudgetAlert): Readonly<Record<string, unknown>> {
  return { budget, scope: scope || null, subject: subject || null, level: level || null, limit_micro_usd: limit, amount_micro_usd: amount, window_start: windowStart };
}
