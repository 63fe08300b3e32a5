import { z } from 'zod';

/** Runs a month of the plans that have a name. */
export const planRuns = { free: 100, team: 5_000 } as const;

/** The tenant's configuration key `plan`: `"free"`, `"team"`, or a plan of its own. Without it nothing is counted against a quota. */
export const planSchema = z.union([
  z.enum(['free', 'team'], 'must be "free", "team" or {"runs_per_month": 20000}'),
  z.strictObject({ runs_per_month: z.int('must be a whole number').min(0, 'must not be negative').max(1_000_000_000) }),
]);

export type Plan = z.output<typeof planSchema>;
