import { expect, it } from 'vitest';
import { readUsage } from './read-usage.js';

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
  ['DeepSeek', { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35, prompt_cache_hit_tokens: 20, prompt_cache_miss_tokens: 10 }, { input: 10, output: 5, cacheRead: 20, cacheWrite: 0, reasoning: undefined }],
  [
    'xAI, reasoning beside the completion',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115, completion_tokens_details: { reasoning_tokens: 100 } },
    { input: 10, output: 105, cacheRead: 0, cacheWrite: 0, reasoning: 100 },
  ],
  ['Gemini, reasoning only in the total', { prompt_tokens: 8, completion_tokens: 2, total_tokens: 70 }, { input: 8, output: 62, cacheRead: 0, cacheWrite: 0, reasoning: 60 }],
  ['an embedding', { prompt_tokens: 8, total_tokens: 8 }, { input: 8, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined }],
  ['more cached than there was', { prompt_tokens: 8, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 20 } }, { input: 0, output: 1, cacheRead: 8, cacheWrite: 0, reasoning: undefined }],
])('reads %s', (_, usage, buckets) => {
  expect(readUsage(usage)).toEqual({ ...buckets, estimated: false });
});

it.each([null, undefined, 'x', {}, { prompt_tokens: -1, completion_tokens: 1 }, { prompt_tokens: 1.5, completion_tokens: 1 }, { completion_tokens: 1 }, { prompt_tokens: '7', completion_tokens: 1 }])(
  'makes nothing up from %j',
  (value) => {
    expect(readUsage(value)).toBeUndefined();
  },
);
