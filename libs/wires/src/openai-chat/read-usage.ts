import { countOf, isObject, objectOf, type JsonObject } from '../hub/json-object.js';
import type { ToldUsage } from '../hub/model-answer.js';

/**
 * Usage in exclusive buckets from a `usage` object of a chat completion or of an embedding, or undefined when it is not one.
 * `prompt_tokens` holds what was read from and written to the cache and what was heard, `completion_tokens` what was spoken, so these are
 * taken out; Perplexity's citations are read beside the prompt, at its price. Gemini and xAI leave reasoning out of `completion_tokens` but not out of `total_tokens`: what the total has more is output.
 */
export function readUsage(value: unknown): ToldUsage | undefined {
  if (!isObject(value)) return undefined;
  const prompt = countOf(value.prompt_tokens);
  const completion = countOf(value.completion_tokens) ?? 0;
  if (prompt === undefined) return undefined;
  const inputs = objectOf(value.prompt_tokens_details);
  const outputs = objectOf(value.completion_tokens_details);
  const unlisted = Math.max(0, (countOf(value.total_tokens) ?? 0) - prompt - completion);
  return exclusive({
    input: prompt + (countOf(value.citation_tokens) ?? 0),
    output: completion + unlisted,
    cacheRead: countOf(inputs.cached_tokens) ?? countOf(value.prompt_cache_hit_tokens) ?? 0,
    cacheWrite: countOf(inputs.cache_write_tokens) ?? countOf(inputs.cache_creation_tokens) ?? 0,
    audioInput: countOf(inputs.audio_tokens) ?? 0,
    audioOutput: countOf(outputs.audio_tokens) ?? 0,
    reasoning: countOf(outputs.reasoning_tokens) ?? countOf(value.reasoning_tokens) ?? (unlisted > 0 ? unlisted : undefined),
    ...searchesOf(value),
  });
}

const MICRO_USD_PER_MILLION = 1e12;

/** Perplexity tells what its searches cost, by the call where it does not say how many there were. */
function searchesOf(usage: JsonObject): { readonly requests: number; readonly requestPrice?: number } {
  const { request_cost: ofCall, search_queries_cost: ofSearches } = objectOf(usage.cost);
  const fee = [ofCall, ofSearches].find((usd) => typeof usd === 'number' && usd > 0 && usd < 1_000);
  const requests = countOf(usage.num_search_queries) ?? (fee === undefined ? 0 : 1);
  return { requests, ...(typeof fee === 'number' && requests > 0 && { requestPrice: Math.round((fee * MICRO_USD_PER_MILLION) / requests) }) };
}

/** Counts as OpenAI tells them: `input` and `output` hold all the others. */
export interface InclusiveCount {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly audioInput: number;
  readonly audioOutput: number;
  readonly reasoning: number | undefined;
  /** Searches and the like. */
  readonly requests: number;
  /** Of one of these, in micro-USD for a million, where the provider tells. */
  readonly requestPrice?: number | undefined;
}

/** The same in exclusive buckets; no bucket is below 0, whatever was told. */
export function exclusive(count: InclusiveCount): ToldUsage {
  const { reasoning, requests, requestPrice } = count;
  const cacheRead = Math.min(count.input, count.cacheRead);
  const cacheWrite = Math.min(count.input - cacheRead, count.cacheWrite);
  const audioInput = Math.min(count.input - cacheRead - cacheWrite, count.audioInput);
  const audioOutput = Math.min(count.output, count.audioOutput);
  const written = count.output - audioOutput;
  return {
    input: count.input - cacheRead - cacheWrite - audioInput,
    // more reasoning than output: it was counted beside it, and is to be paid too
    output: reasoning !== undefined && reasoning > written ? written + reasoning : written,
    cacheRead,
    cacheWrite,
    reasoning,
    ...(audioInput > 0 && { audioInput }),
    ...(audioOutput > 0 && { audioOutput }),
    ...(requests > 0 && { requests }),
    ...(requestPrice !== undefined && { requestPrice }),
  };
}
