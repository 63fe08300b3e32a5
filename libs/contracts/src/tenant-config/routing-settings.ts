import { z } from 'zod';

const MOST_PATTERNS = 200;

const seconds = z.int('must be a whole number of seconds').max(604_800, 'at most a week');

/** The key `cache.semantic`. */
export const semanticCacheSchema = z.strictObject({
  seconds: seconds.min(1, 'must be at least 1'),
  /** An embeddings model. */
  model: z.string().min(1, 'must name an embeddings model').max(200, 'at most 200 characters'),
  threshold: z.number('must be a number').min(0.5, 'must be at least 0.5').max(1, 'must be at most 1').default(0.95),
});

const patterns = z.array(z.string().min(1, 'must not be empty').max(200, 'at most 200 characters')).max(MOST_PATTERNS, `at most ${MOST_PATTERNS}`);

/**
 * The tenant's configuration keys that say where its model calls may go: `routing.local_only`; `routing.allow` and `routing.deny`, lists of
 * `provider/model` or of models alone in which each * stands for any text; `routing.max_price`, USD per million tokens of output;
 * `routing.default_tier`. `cache.exact_seconds` is how long an answer is given again to the very same request; 0 is never. `cache.semantic`
 * gives it also to a question that is alike: by the vectors of the embeddings model that it names, whose cosine is at least `threshold`.
 */
export const routingSettingSchemas = {
  'routing.local_only': z.boolean('must be true or false'),
  'routing.allow': patterns,
  'routing.deny': patterns,
  'routing.max_price': z.number('must be USD per million tokens of output').nonnegative('must not be negative').max(1_000_000, 'at most 1000000'),
  'routing.default_tier': z.enum(['fast', 'balanced', 'best'], 'must be "fast", "balanced" or "best"'),
  'cache.exact_seconds': seconds.min(0, 'must not be negative'),
  'cache.semantic': semanticCacheSchema,
};

export type SemanticCacheSettings = z.output<typeof semanticCacheSchema>;
