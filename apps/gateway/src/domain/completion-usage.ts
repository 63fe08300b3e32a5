import type { TokenUsage } from '@nexus/contracts';

/** Token counts as OpenAI gives them: the prompt's include what was read from a cache, the answer's include reasoning. */
export interface CompletionUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** NEXUS's exclusive buckets, added up in OpenAI's way. */
export function completionUsage(tokens: TokenUsage | undefined): CompletionUsage {
  const cached = Number(tokens?.cacheRead ?? 0n);
  const prompt = Number(tokens?.input ?? 0n) + cached + Number(tokens?.cacheWrite ?? 0n);
  const completion = Number(tokens?.output ?? 0n);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: Number(tokens?.reasoning ?? 0n) },
  };
}
