import { costOf } from '@nexus/core';
import { expect, it } from 'vitest';
import { readUsage } from './read-usage.js';

it('has what was written to the cache in the bucket of its life', () => {
  const usage = readUsage({ input_tokens: 8, cache_creation_input_tokens: 30, cache_read_input_tokens: 20, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 }, output_tokens: 5 });
  expect(usage).toMatchObject({ input: 8, cacheRead: 20, cacheWrite: 10, cacheWrite1h: 20, output: 5, reasoning: undefined });
});

it('takes what was written for five minutes when nothing else is said', () => {
  expect(readUsage({ input_tokens: 8, cache_creation_input_tokens: 30, output_tokens: 5 })).toMatchObject({ cacheWrite: 30, cacheWrite1h: 0 });
  expect(readUsage({ input_tokens: 8, cache_creation: { ephemeral_1h_input_tokens: 4 }, output_tokens: 5 })).toMatchObject({ cacheWrite: 0, cacheWrite1h: 4 });
});

it('adds what a summary of the conversation cost, which the totals lack, and nothing of another model', () => {
  const usage = readUsage({
    input_tokens: 23_000,
    output_tokens: 1_000,
    iterations: [
      { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500, cache_creation_input_tokens: 7 },
      { type: 'advisor_message', input_tokens: 2_543, output_tokens: 18, model: 'claude-opus-4-8' },
      { type: 'message', input_tokens: 23_000, output_tokens: 1_000 },
    ],
  });
  expect(usage).toMatchObject({ input: 203_000, output: 4_500, cacheWrite: 7 });
});

it('never says that more was thought than was written, for such a count has no price', () => {
  const usage = readUsage({ input_tokens: 1, output_tokens: 5, output_tokens_details: { thinking_tokens: 9 } });
  expect(usage?.reasoning).toBe(5);
  if (usage) expect(costOf(usage, { input: 0, output: 1_000_000, cacheRead: 0, cacheWrite: 0 })).toBe(5);
});

it('is unknown when neither input nor output is told', () => {
  expect(readUsage({})).toBeUndefined();
  expect(readUsage({ input_tokens: -1, output_tokens: 'many' })).toBeUndefined();
  expect(readUsage({ output_tokens: 3 })).toMatchObject({ input: 0, output: 3 });
});
