import type { Usage } from '../provider-outcome.js';

/**
 * Usage in exclusive buckets from a `usage` object, or undefined when it is not one. `prompt_tokens` holds what was read from and
 * written to the cache, so that is taken out. Gemini and xAI leave reasoning out of `completion_tokens` but not out of
 * `total_tokens`: what the total has more is output.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const prompt = count(value['prompt_tokens']);
  const completion = count(value['completion_tokens']) ?? (prompt === undefined ? undefined : 0);
  if (prompt === undefined || completion === undefined) return undefined;
  const input = isRecord(value['prompt_tokens_details']) ? value['prompt_tokens_details'] : NO_DETAILS;
  const output = isRecord(value['completion_tokens_details']) ? value['completion_tokens_details'] : NO_DETAILS;
  const cacheRead = Math.min(prompt, count(input['cached_tokens']) ?? count(value['prompt_cache_hit_tokens']) ?? 0);
  const cacheWrite = Math.min(prompt - cacheRead, count(input['cache_write_tokens']) ?? count(input['cache_creation_tokens']) ?? 0);
  const unlisted = Math.max(0, (count(value['total_tokens']) ?? 0) - prompt - completion);
  return {
    input: prompt - cacheRead - cacheWrite,
    output: completion + unlisted,
    cacheRead,
    cacheWrite,
    reasoning: count(output['reasoning_tokens']) ?? count(value['reasoning_tokens']) ?? (unlisted > 0 ? unlisted : undefined),
    estimated: false,
  };
}

const NO_DETAILS: Record<string, unknown> = {};

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
