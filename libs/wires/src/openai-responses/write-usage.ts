import type { ToldUsage } from '../hub/model-answer.js';
import { inclusive } from '../openai-chat/write-usage.js';

/** OpenAI's counts of a response. What it has no field for (audio) stands in the sums. */
export function writeUsage(usage: ToldUsage): Record<string, unknown> {
  const { input, output } = inclusive(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite + (usage.cacheWrite1h ?? 0) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + output,
  };
}
