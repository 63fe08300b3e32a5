import type { MicroUsd } from '@nexus/core';
import { windowEnd, windowStart, type BudgetPeriod } from './budget-window.js';

/** A ceiling, as stored: what was spent and is set aside in the window that begins at `windowStart`. */
export interface Budget {
  readonly id: string;
  readonly name: string;
  readonly period: BudgetPeriod;
  /** 0 lets nothing through, not even what is free. */
  readonly limit: MicroUsd;
  readonly spent: MicroUsd;
  readonly reserved: MicroUsd;
  /** YYYY-MM-DD. */
  readonly windowStart: string;
}

/** A budget as it stands on a day, with the moment (Unix milliseconds) at which it begins anew; undefined for never. */
export interface BudgetToday extends Budget {
  readonly resetsAt: number | undefined;
}

/** The budget on `today`: one whose window is over has spent nothing yet, although nobody has asked it since. */
export function budgetOn(budget: Budget, today: string): BudgetToday {
  const start = windowStart(budget.period, today);
  if (budget.windowStart < start) return { ...budget, spent: 0, reserved: 0, windowStart: start, resetsAt: windowEnd(budget.period, today) };
  return { ...budget, resetsAt: windowEnd(budget.period, budget.windowStart) };
}
