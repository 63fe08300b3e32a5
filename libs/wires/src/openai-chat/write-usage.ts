import type { ToldUsage } from '../hub/model-answer.js';

/** OpenAI's counts: the prompt's include what the cache had and what was heard, the completion's reasoning and speech. */
export function writeUsage(usage: ToldUsage): Record<string, unknown> {
  const { input, output } = inclusive(usage);
  const cacheWrite = usage.cacheWrite + (usage.cacheWrite1h ?? 0);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
      audio_tokens: usage.audioInput ?? 0,
    },
    completion_tokens_details: {
      ...(usage.reasoning !== undefined && { reasoning_tokens: usage.reasoning }),
      audio_tokens: usage.audioOutput ?? 0,
    },
  };
}

/** All tokens that went in, and all that came out. */
export function inclusive(usage: ToldUsage): { readonly input: number; readonly output: number } {
  return {
    input: usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0) + (usage.audioInput ?? 0),
    output: usage.output + (usage.audioOutput ?? 0),
  };
}
