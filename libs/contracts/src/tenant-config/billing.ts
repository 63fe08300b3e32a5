import { z } from 'zod';

/** Percent that are added to what something cost; at most two decimals, so that every markup is exact. */
export const markupPercentSchema = z
  .number('must be a number of percent')
  .min(-100, 'must be at least -100')
  .max(10_000, 'must be at most 10000')
  .refine((percent) => /^-?\d+(\.\d{1,2})?$/.test(String(percent)), 'may have two decimals');

/** The tenant's configuration key `billing`: what its clients are charged, by their names. */
export const billingSchema = z.record(z.string().min(1).max(200), z.strictObject({ markup_percent: markupPercentSchema.optional() }));

/** By client. */
export type Billing = z.output<typeof billingSchema>;
