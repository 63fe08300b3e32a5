import { planRuns, planSchema, type Plan } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** What a plan allows. */
export interface RunQuota {
  /** `free`, `team` or `own`. */
  readonly plan: string;
  readonly runsPerMonth: number;
}

/** The quota of the value of a tenant's configuration key `plan`; undefined without one. Throws ZodError for a value that is no plan. */
export function runQuotaOf(value: unknown): RunQuota | undefined {
  if (value === undefined) return undefined;
  const plan: Plan = planSchema.parse(value);
  return typeof plan === 'string' ? { plan, runsPerMonth: planRuns[plan] } : { plan: 'own', runsPerMonth: plan.runs_per_month };
}

/** When the UTC month of a moment is over; both Unix milliseconds. */
export function monthEnd(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** `quota_exceeded` (429), retryable when the next month begins. */
export function quotaExceeded({ plan, runsPerMonth }: RunQuota, now: number): AppError {
  const end = monthEnd(now);
  const named = plan === 'own' ? 'The plan of this tenant' : `The plan "${plan}"`;
  return new AppError('quota_exceeded', `${named} has ${runsPerMonth} runs a month, and all are used. It begins anew on ${new Date(end).toISOString().slice(0, 10)} at 00:00 UTC.`, {
    status: 429, isRetryable: true, retryAfterMs: Math.max(end - now, 0),
  });
}
