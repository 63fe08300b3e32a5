import type { MicroUsd } from '@nexus/core';
import type { BudgetLevel, BudgetScope } from './budget.js';

/** A budget was reached or lifted, or a call cost more than was set aside for it. */
export interface BudgetAlert {
  readonly id: string;
  readonly kind: 'reached' | 'lifted' | 'over_reservation';
  readonly at: Date;
  /** Empty for `over_reservation`, as are the scope, the subject and the level. */
  readonly budget: string;
  readonly scope: BudgetScope | '';
  readonly subject: string;
  readonly level: BudgetLevel | '';
  readonly limit: MicroUsd;
  /** Spent and set aside in the window, or what the call cost more. */
  readonly amount: MicroUsd;
  /** YYYY-MM-DD; null without a budget. */
  readonly windowStart: string | null;
  /** Null with a budget. */
  readonly attemptId: string | null;
}
