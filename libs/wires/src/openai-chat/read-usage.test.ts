import { expect, it } from 'vitest';
import { costOf } from '@nexus/core';
import { readUsage } from './read-usage.js';
import { writeUsage } from './write-usage.js';

it.each([
  ['plain', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: undefined }],
  [
    'OpenAI, cached and reasoning',
    { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, prompt_tokens_details: { cached_tokens: 64 }, completion_tokens_details: { reasoning_tokens: 40 } },
    { input: 36, output: 50, cacheRead: 64, cacheWrite: 0, reasoning: 40 },
  ],
  [
    'OpenAI, written to the cache',
    { prompt_tokens: 4_020, completion_tokens: 4, total_tokens: 4_024, prompt_tokens_details: { cache_write_tokens: 4_012, cached_tokens: 0 } },
    { input: 8, output: 4, cacheRead: 0, cacheWrite: 4_012, reasoning: undefined },
  ],
  [
    'OpenAI, heard and spoken',
    { prompt_tokens: 100, completion_tokens: 60, total_tokens: 160, prompt_tokens_details: { cached_tokens: 20, audio_tokens: 50 }, completion_tokens_details: { audio_tokens: 45, reasoning_tokens: 0 } },
    { input: 30, output: 15, cacheRead: 20, cacheWrite: 0, reasoning: 0, audioInput: 50, audioOutput: 45 },
  ],
  ['DeepSeek', { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35, prompt_cache_hit_tokens: 20, prompt_cache_miss_tokens: 10 }, { input: 10, output: 5, cacheRead: 20, cacheWrite: 0, reasoning: undefined }],
  [
    'xAI, reasoning beside the completion',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115, completion_tokens_details: { reasoning_tokens: 100 } },
    { input: 10, output: 105, cacheRead: 0, cacheWrite: 0, reasoning: 100 },
  ],
  ['reasoning beside the completion, without a total', { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 100 } }, { input: 10, output: 105, cacheRead: 0, cacheWrite: 0, reasoning: 100 }],
  ['Gemini, reasoning only in the total', { prompt_tokens: 8, completion_tokens: 2, total_tokens: 70 }, { input: 8, output: 62, cacheRead: 0, cacheWrite: 0, reasoning: 60 }],
  ['Perplexity, with searches', { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, num_search_queries: 3 }, { input: 9, output: 7, cacheRead: 0, cacheWrite: 0, reasoning: undefined, requests: 3 }],
  [
    'Perplexity, with the fee of its call',
    { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, search_context_size: 'low', cost: { input_tokens_cost: 0.00001, output_tokens_cost: 0.00001, request_cost: 0.005, total_cost: 0.00502 } },
    { input: 9, output: 7, cacheRead: 0, cacheWrite: 0, reasoning: undefined, requests: 1, requestPrice: 5_000_000_000 },
  ],
  [
    'Perplexity, with citations that it read, and the cost of all searches',
    { prompt_tokens: 9, completion_tokens: 70, citation_tokens: 20, num_search_queries: 3, reasoning_tokens: 40, cost: { search_queries_cost: 0.015 } },
    { input: 29, output: 70, cacheRead: 0, cacheWrite: 0, reasoning: 40, requests: 3, requestPrice: 5_000_000_000 },
  ],
  ['an embedding', { prompt_tokens: 8, total_tokens: 8 }, { input: 8, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined }],
  ['more cached than there was', { prompt_tokens: 8, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 20, audio_tokens: 9 } }, { input: 0, output: 1, cacheRead: 8, cacheWrite: 0, reasoning: undefined }],
])('reads %s', (_, told, buckets) => {
  const usage = readUsage(told);
  expect(usage).toEqual(buckets);
  // the buckets can be charged, and add up to what was told
  expect(usage && costOf(usage, { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 })).toBeGreaterThanOrEqual(0);
  if (usage && usage.requests === undefined) expect(readUsage(writeUsage(usage))).toEqual({ ...usage, reasoning: usage.reasoning });
});

it.each([null, undefined, 'x', {}, { prompt_tokens: -1, completion_tokens: 1 }, { prompt_tokens: 1.5, completion_tokens: 1 }, { completion_tokens: 1 }, { prompt_tokens: '7', completion_tokens: 1 }])(
  'makes nothing up from %j',
  (value) => {
    expect(readUsage(value)).toBeUndefined();
  },
);

it('tells what was kept for an hour as written to the cache', () => {
  expect(writeUsage({ input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5, reasoning: 1 })).toEqual({
    prompt_tokens: 13,
    completion_tokens: 2,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 9, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 1, audio_tokens: 0 },
  });
});
