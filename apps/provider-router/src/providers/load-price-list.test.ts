import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePriceList } from './load-price-list.js';

const text = readFileSync(new URL('../../../../config/prices.json', import.meta.url), 'utf8');
const prices = parsePriceList(text, 'prices.json');

describe('the price list that NEXUS ships', () => {
  it('gives whole micro-USD per million tokens', () => {
    expect(prices.lookup('openai', 'gpt-4o')).toMatchObject({
      mode: 'chat',
      price: { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 2_500_000 },
      maxInputTokens: 128_000,
      maxOutputTokens: 16_384,
      tools: true,
      vision: true,
    });
    expect(prices.lookup('anthropic', 'claude-sonnet-4-5')?.price).toEqual({
      input: 3_000_000,
      output: 15_000_000,
      cacheRead: 300_000,
      cacheWrite: 3_750_000,
      cacheWrite1h: 6_000_000,
      request: 10_000_000_000,
      version: '2026-07-24',
    });
    expect(prices.date).toBe('2026-07-24');
  });

  it('has the price of every bucket that a vendor charges by itself', () => {
    expect(prices.lookup('openai', 'gpt-4o-audio-preview')?.price).toMatchObject({ audioInput: 40_000_000, audioOutput: 80_000_000 });
    expect(prices.lookup('perplexity', 'sonar-deep-research')?.price).toMatchObject({ output: 8_000_000, reasoning: 3_000_000, request: 5_000_000_000 });
    expect(prices.lookup('anthropic', 'claude-3-haiku-20240307')?.price).toMatchObject({ cacheWrite: 300_000, cacheWrite1h: 500_000 });
    expect(prices.lookup('openai', 'gpt-4o')?.price).not.toHaveProperty('cacheWrite1h');
  });

  it('has what embeddings cost, which have no output', () => {
    expect(prices.lookup('openai', 'text-embedding-3-small')).toMatchObject({ mode: 'embedding', price: { input: 20_000, output: 0 } });
    expect(prices.lookup('mistral', 'mistral-embed')?.price).toMatchObject({ input: 100_000, output: 0 });
  });

  it('has what the table of others leaves out or has wrong', () => {
    expect(prices.lookup('openai', 'gpt-5.5')).toMatchObject({ price: { request: 10_000_000_000 }, longContext: { aboveInputTokens: 272_000, price: { input: 10_000_000, output: 45_000_000, cacheRead: 1_000_000 } } });
    expect(prices.lookup('openai', 'gpt-5.4-mini')?.longContext).toBeUndefined();
    expect(prices.lookup('gemini', 'gemini-1.5-flash')).toMatchObject({ mode: 'chat', price: { output: 300_000 }, longContext: { aboveInputTokens: 128_000 } });
  });

  it('knows which models answer in the form of a schema', () => {
    expect(prices.lookup('openai', 'gpt-4o')?.responseSchema).toBe(true);
  });

  it('converts every price to within one micro-USD a million tokens', () => {
    const rows = Object.entries((JSON.parse(text) as { models: Record<string, Record<string, number | string>> }).models);
    const priced = rows.filter(([, row]) => row['mode'] === 'chat' && row['input_cost_per_token'] !== undefined && row['output_cost_per_token'] !== undefined);
    expect(priced.length).toBeGreaterThan(250);
    for (const [key, row] of priced) {
      const vendor = String(row['litellm_provider']);
      const copies = rows.filter(([other, it]) => it['litellm_provider'] === vendor && bare(other, vendor) === bare(key, vendor));
      const listed = prices.lookup(vendor, bare(key, vendor))?.price;
      for (const [field, bucket] of [['input_cost_per_token', 'input'], ['output_cost_per_token', 'output']] as const) {
        const dearest = Math.max(...copies.map(([, copy]) => Number(copy[field] ?? 0)));
        expect(Math.abs((listed?.[bucket] ?? Number.NaN) - dearest * 1e12), `${key} ${bucket}`).toBeLessThan(1);
      }
    }
  });

  it('finds a model under its vendor only, without the list\'s prefix', () => {
    expect(prices.lookup('groq', 'openai/gpt-oss-120b')?.price?.input).toBe(150_000);
    expect(prices.lookup('groq', 'groq/openai/gpt-oss-120b')).toBeUndefined();
    expect(prices.lookup('groq', 'gpt-4o')).toBeUndefined();
  });

  it('charges the dearer price where a model is listed twice', () => {
    expect(prices.lookup('gemini', 'gemini-exp-1206')?.price?.input).toBe(300_000);
    expect(prices.lookup('gemini', 'gemini-flash-latest')?.price?.cacheRead).toBe(75_000);
  });

  it('knows the dearer price of very long inputs, cache included', () => {
    expect(prices.lookup('anthropic', 'claude-4-sonnet-20250514')?.longContext).toEqual({
      aboveInputTokens: 200_000,
      price: { input: 6_000_000, output: 22_500_000, cacheRead: 600_000, cacheWrite: 7_500_000, cacheWrite1h: 12_000_000, request: 10_000_000_000, version: '2026-07-24' },
    });
    expect(prices.lookup('openai', 'gpt-4o')?.longContext).toBeUndefined();
  });

  it('leaves unknown what the list does not say', () => {
    expect(prices.lookup('openai', 'container')?.price).toBeUndefined();
    expect(prices.lookup('perplexity', 'openai/gpt-5.1')?.price).toBeUndefined();
    expect(prices.lookup('openai', 'gpt-4')?.vision).toBeUndefined();
    expect(prices.lookup('openai', 'no-such-model')).toBeUndefined();
  });
});

it('reads several steps of long inputs, and what they say of the cache', () => {
  const steps = { input_cost_per_token_above_128k_tokens: 2e-6, input_cost_per_token_above_272k_tokens: 4e-6, output_cost_per_token_above_272k_tokens: 8e-6, cache_read_input_token_cost_above_272k_tokens: 1e-6 };
  const list = parsePriceList(JSON.stringify({ models: { m: { litellm_provider: 'v', mode: 'chat', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, cache_read_input_token_cost: 5e-7, ...steps } } }), 'f.json');
  expect(list.lookup('v', 'm')?.longContext).toEqual({
    aboveInputTokens: 128_000,
    price: { input: 2_000_000, output: 2_000_000, cacheRead: 1_000_000, cacheWrite: 2_000_000 },
    longer: { aboveInputTokens: 272_000, price: { input: 4_000_000, output: 8_000_000, cacheRead: 1_000_000, cacheWrite: 4_000_000 } },
  });
});

it('refuses a list that is not one, and says where', () => {
  expect(() => parsePriceList('{', 'f.json')).toThrow('f.json: is no JSON');
  const rows = { x: { litellm_provider: 'v', mode: 'chat', input_cost_per_token: -1 }, y: { mode: 'chat' } };
  const step = { models: { x: { litellm_provider: 'v', mode: 'chat', input_cost_per_token_above_200k_tokens: '1' } } };
  expect(() => parsePriceList(JSON.stringify(step), 'f.json')).toThrow('f.json: models.x.input_cost_per_token_above_200k_tokens: must be a price');
  expect(() => parsePriceList('{"date":"july","models":{}}', 'f.json')).toThrow('f.json: date: must be a day');
  expect(() => parsePriceList(JSON.stringify({ models: rows }), 'f.json')).toThrow(/f\.json: models\.x\.input_cost_per_token: .*\nf\.json: models\.y\.litellm_provider: /);
});

function bare(key: string, vendor: string): string {
  return key.startsWith(`${vendor}/`) ? key.slice(vendor.length + 1) : key;
}
