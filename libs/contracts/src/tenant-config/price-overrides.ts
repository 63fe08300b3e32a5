import { z } from 'zod';

const usd = z.number('must be USD').nonnegative('must not be negative').max(1_000_000, 'must be USD per million tokens');
const rates = {
  input: usd, output: usd, cache_read: usd, cache_write: usd, cache_write_1h: usd, audio_input: usd, audio_output: usd, reasoning: usd,
};
const optionalRates = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rate.optional()])) as { [name in keyof typeof rates]: z.ZodOptional<typeof usd> };

const MOST_DATES = 50;
const MOST_STEPS = 5;

const overrideSchema = z
  .strictObject({
    /** The first day, in UTC; without it the price holds for all days. */
    from: z.iso.date('must be a day such as 2026-11-01').optional(),
    ...optionalRates,
    /** USD for one picture made, and for one search or the like. */
    image: usd.optional(),
    request: usd.optional(),
    /** What inputs of more than `above` tokens cost. */
    long_context: z.array(z.strictObject({ above: z.int('must be a number of tokens').positive('must be more than 0'), ...optionalRates })).max(MOST_STEPS).optional(),
  })
  .refine((price) => Object.keys(price).some((name) => name !== 'from'), 'names no price');

/**
 * The tenant's configuration key `prices`: what models cost this tenant, by `provider/model`, in USD per million tokens. Of several
 * prices of a model the one with the latest `from` counts that is not after the day. What a price leaves out is what the list says.
 */
export const priceOverridesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*\/\S+$/, 'must be a provider and a model, such as openai/gpt-4o'),
  z.union([overrideSchema, z.array(overrideSchema).min(1, 'names no price').max(MOST_DATES, `at most ${MOST_DATES}`)]).transform((given) => [given].flat()),
);

/** The prices of one model as a tenant has set them, oldest first as they were written. */
export type PriceOverride = z.output<typeof overrideSchema>;
/** By `provider/model`. */
export type PriceOverrides = z.output<typeof priceOverridesSchema>;
