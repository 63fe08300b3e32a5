import type { MicroUsd } from '@nexus/core';
import { windowEnd, windowStart, type BudgetPeriod } from './budget-window.js';

/** Whose calls a budget counts. */
export const budgetScopes = ['tenant', 'client', 'project', 'user', 'key', 'agent'] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/** `soft` tells and lets through, `hard` is a ceiling, `critical` is one for all but the agents that it exempts, until it is lifted. */
export const budgetLevels = ['soft', 'hard', 'critical'] as const;
export type BudgetLevel = (typeof budgetLevels)[number];

/** What a budget wants when a call does not fit any more. */
export const reachedWishes = ['refuse', 'cheaper_tier', 'smaller_context'] as const;
export type WhenReached = (typeof reachedWishes)[number];

/** The subject of a budget that gives each client, project, user, key or agent one of its own. */
export const EVERY_SUBJECT = '*';

/** What a budget allows, as somebody set it. */
export interface BudgetTerms {
  readonly name: string;
  readonly scope: BudgetScope;
  /** Which client, project, user, key or agent, or EVERY_SUBJECT; empty for the tenant's. */
  readonly subject: string;
  readonly level: BudgetLevel;
  readonly period: BudgetPeriod;
  /** 0 lets nothing through, not even what is free. */
  readonly limit: MicroUsd;
  readonly whenReached: WhenReached;
  readonly exemptAgents: readonly string[];
}

/** A budget with one use of it, as stored: what was spent and is set aside in the window that begins at `windowStart`. */
export interface Budget extends BudgetTerms {
  readonly id: string;
  readonly spent: MicroUsd;
  readonly reserved: MicroUsd;
  /** YYYY-MM-DD. */
  readonly windowStart: string;
  /** When it was first not enough in this window. */
  readonly reachedAt: Date | null;
  readonly liftedUntil: Date | null;
}

/** A budget as it stands on a day, with the moment (Unix milliseconds) at which it begins anew; undefined for never. */
export interface BudgetToday extends Budget {
  readonly resetsAt: number | undefined;
}

/** The budget on `today`: one whose window is over has spent nothing yet, although nobody has asked it since. */
export function budgetOn(budget: Budget, today: string): BudgetToday {
  const start = windowStart(budget.period, today);
  if (budget.windowStart < start) return { ...budget, spent: 0, reserved: 0, reachedAt: null, windowStart: start, resetsAt: windowEnd(budget.period, today) };
  return { ...budget, resetsAt: windowEnd(budget.period, budget.windowStart) };
}
