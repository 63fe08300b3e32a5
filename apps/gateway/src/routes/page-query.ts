import { z } from 'zod';

/** Which page of a list: `limit` 1 to 100, default 20; `after` the last id of the page before. */
export const pageQuery = z.object({
  limit: z.coerce.number('must be a number from 1 to 100').int('must be a whole number').min(1, 'must be from 1 to 100').max(100, 'must be from 1 to 100').default(20),
  after: z.string().max(200).default(''),
});
