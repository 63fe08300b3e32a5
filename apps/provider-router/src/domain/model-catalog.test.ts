import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { createModelCatalog, priceForInput, type CatalogSources } from './model-catalog.js';
import { createPriceList, type PriceRow } from './price-list.js';
import type { ModelConfig, ProviderConfig } from './provider-config.js';
import type { ToldModel } from './told-model.js';

function row(key: string, vendor: string, more: Partial<PriceRow>): PriceRow {
  const unknown = { cacheRead: undefined, cacheWrite: undefined, maxInputTokens: undefined, maxOutputTokens: undefined, tools: undefined, vision: undefined, reasoning: undefined };
  return { key, vendor, mode: 'chat', input: undefined, output: undefined, ...unknown, ...more };
}
function model(id: string, more: Partial<ModelConfig> = {}): ModelConfig {
  return { id, upstreamName: undefined, price: undefined, maxOutputTokens: undefined, contextWindow: undefined, supports: {}, ...more };
}
function provider(name: string, more: Partial<ProviderConfig>): ProviderConfig {
  const timeouts = { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 };
  const unset = { baseUrl: undefined, baseUrlEnv: undefined, baseUrlPath: undefined, keyEnv: [], defaultMaxOutputTokens: undefined, lookup: undefined, unknown: 'book_reserved', hasResponses: false } as const;
  const limits = { requestsPerMinute: undefined, tokensPerMinute: undefined };
  const breaker = { failures: 5, windowMs: 1, openMs: 1 };
  return { name, kind: 'openai', ...unset, offeredWhen: 'always', priceVendor: name, headers: {}, outputLimitParameter: 'max_tokens', streamUsage: true, maxConnections: 1, timeouts, limits, breaker, models: [], ...more };
}
const price = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

const prices = createPriceList([
  row('gpt-4o', 'openai', { input: 2.5e-6, output: 1e-5, maxInputTokens: 128_000, maxOutputTokens: 16_384, vision: true }),
  row('groq/openai/gpt-oss-120b', 'groq', { input: 1.5e-7, output: 6e-7 }),
  row('groq/gpt-4o', 'groq', { input: 1e-7, output: 1e-7 }),
]);
const providers = [
  provider('demo', { baseUrl: 'http://127.0.0.1:50060/v1', baseUrlEnv: 'DEMO_URL', models: [model('demo', { price }), model('demo;*', { price })] }),
  provider('fake', { baseUrlEnv: 'FAKE_URL', models: [model('fake*', { price })] }),
  provider('openai', {
    baseUrl: 'https://api.openai.com/v1',
    keyEnv: ['OPENAI_API_KEY'],
    offeredWhen: 'key',
    defaultMaxOutputTokens: 20_000,
    models: [model('gpt-4o'), model('best', { upstreamName: 'gpt-4o' }), model('gpt-*')],
  }),
  provider('groq', { baseUrl: 'https://api.groq.com/openai/v1', keyEnv: ['GROQ_API_KEY', 'GROQ_KEY'], offeredWhen: 'key', models: [model('openai/gpt-oss-120b'), model('gpt-4o'), model('*')] }),
  provider('ollama', { baseUrl: 'http://127.0.0.1:11434/v1', baseUrlEnv: 'OLLAMA_URL', baseUrlPath: '/v1', offeredWhen: 'reachable', models: [model('*', { price })] }),
];

function catalog(env: CatalogSources['env'], discovered?: CatalogSources['discovered']): ReturnType<typeof createModelCatalog> {
  return createModelCatalog({ providers, env, prices, ...(discovered ? { discovered } : {}) });
}
function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('no AppError was thrown');
}
const all = { OPENAI_API_KEY: 'sk-a', GROQ_KEY: ' gsk-b ', FAKE_URL: 'http://127.0.0.1:9/v1/' };

describe('resolve', () => {
  it('finds a model by its name, with price, limits and abilities', () => {
    expect(catalog(all).resolve('gpt-4o')).toMatchObject({
      id: 'openai/gpt-4o',
      upstreamModel: 'gpt-4o',
      target: { name: 'openai', baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-a' },
      price: { input: 2_500_000, output: 10_000_000 },
      maxOutputTokens: 16_384,
      defaultMaxOutputTokens: 16_384,
      contextWindow: 128_000,
      abilities: { vision: true, tools: undefined },
    });
  });

  it('takes what a provider told of its model, unless the file says otherwise', () => {
    const told = new Map<string, ToldModel>([['ollama/llama3.2', { name: 'llama3.2', contextWindow: 8_192, abilities: { vision: true, tools: false } }]]);
    const asked = createModelCatalog({ providers: [...providers, provider('own', { baseUrl: 'http://127.0.0.1:9/v1', models: [model('x', { price, contextWindow: 99, supports: { tools: true } })] })], env: all, prices, told: told.set('own/x', { name: 'x', contextWindow: 1, abilities: { tools: false, vision: false } }) });
    expect(asked.resolve('ollama/llama3.2')).toMatchObject({ contextWindow: 8_192, abilities: { vision: true, tools: false } });
    expect(asked.resolve('own/x')).toMatchObject({ contextWindow: 99, abilities: { tools: true, vision: false } });
  });

  it('takes the provider in front of the name at its word, also for names that hold a slash', () => {
    expect(catalog(all).resolve('groq/gpt-4o').target.name).toBe('groq');
    expect(catalog(all).resolve('groq/openai/gpt-oss-120b')).toMatchObject({ upstreamModel: 'openai/gpt-oss-120b', target: { name: 'groq', apiKey: 'gsk-b' } });
    expect(refusal(() => catalog(all).resolve('openai/gpt-oss-120b')).code).toBe('model_price_unknown');
  });

  it('passes the rest of a pattern on, so that options reach the model', () => {
    expect(catalog(all).resolve('fake;delay=50')).toMatchObject({ upstreamModel: 'fake;delay=50', target: { name: 'fake', baseUrl: 'http://127.0.0.1:9/v1' }, price: { input: 0 } });
    expect(catalog({}).resolve('demo;chunks=4').target.name).toBe('demo');
  });

  it('sends another name upstream where the file says so', () => {
    expect(catalog(all).resolve('best')).toMatchObject({ id: 'openai/best', upstreamModel: 'gpt-4o', price: { input: 2_500_000 } });
  });

  it('prefers the first provider of the file, and one that is set up to one that is not', () => {
    expect(catalog(all).resolve('gpt-4o').target.name).toBe('openai');
    expect(catalog({ GROQ_API_KEY: 'k' }).resolve('gpt-4o').target.name).toBe('groq');
  });

  it('lets a lone star take only what names the provider, or what the provider told of', () => {
    expect(refusal(() => catalog(all).resolve('llama3.2')).code).toBe('model_not_found');
    expect(catalog(all).resolve('ollama/llama3.2').target.name).toBe('ollama');
    expect(catalog({}, new Map([['ollama', ['llama3.2']]])).resolve('llama3.2').target.name).toBe('ollama');
    expect(refusal(() => catalog(all).resolve('ollama/')).code).toBe('model_not_found');
  });

  it('refuses an unknown model and names what is near', () => {
    expect(refusal(() => catalog(all).resolve('demoo'))).toMatchObject({ code: 'model_not_found', status: 404, isRetryable: false, param: 'model', message: expect.stringContaining('"demo"') as string });
    expect(refusal(() => catalog(all).resolve('x'.repeat(100_000))).message.length).toBeLessThan(400);
  });

  it('refuses a provider without its key and names the variable to set', () => {
    expect(refusal(() => catalog({}).resolve('openai/gpt-4o'))).toMatchObject({ code: 'provider_not_configured', message: expect.stringContaining('set OPENAI_API_KEY') as string });
    expect(refusal(() => catalog({ GROQ_KEY: '  ' }).resolve('groq/gpt-4o')).message).toContain('set GROQ_API_KEY or GROQ_KEY');
    expect(refusal(() => catalog({}).resolve('fake')).message).toContain('set FAKE_URL');
  });

  it('refuses a key or a URL that cannot be right, without repeating it', () => {
    const key = refusal(() => catalog({ OPENAI_API_KEY: 'sk secret\nx' }).resolve('gpt-4o')).message;
    expect(key).toContain('correct OPENAI_API_KEY');
    expect(key).not.toContain('secret');
    expect(refusal(() => catalog({ DEMO_URL: 'file:///etc/passwd' }).resolve('demo')).message).toMatch(/correct DEMO_URL(?!.*passwd)/);
  });

  it('refuses a model whose price nobody knows', () => {
    expect(refusal(() => catalog(all).resolve('gpt-99'))).toMatchObject({ code: 'model_price_unknown', message: expect.stringContaining('add a price') as string });
  });

  it('adds the path that a base URL from the environment lacks', () => {
    expect(catalog({ OLLAMA_URL: 'http://box:1/' }).resolve('ollama/m').target.baseUrl).toBe('http://box:1/v1');
    expect(catalog({ OLLAMA_URL: 'http://box:1/v1/' }).resolve('ollama/m').target.baseUrl).toBe('http://box:1/v1');
  });

  it('answers the same way when it is asked again, also after many other names', () => {
    const models = catalog(all);
    const first = models.resolve('fake;a');
    expect(models.resolve('fake;a')).toBe(first);
    for (let i = 0; i < 2_000; i++) models.resolve(`fake;${i}`);
    expect(models.resolve('fake;a')).toEqual(first);
  });
});

describe('list', () => {
  it('offers the exact models of the providers that are set up or reached', () => {
    expect(catalog({}).list()).toEqual([{ id: 'demo', provider: 'demo' }]);
    expect(catalog(all, new Map([['ollama', ['llama3.2']]])).list().map((it) => it.id)).toEqual(['demo', 'gpt-4o', 'best', 'openai/gpt-oss-120b', 'llama3.2']);
  });
});

it('prices a long input by the long price, above the bound and not at it', () => {
  const long = { input: 2, output: 2, cacheRead: 2, cacheWrite: 2 };
  const listed = { price: { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 }, longContext: { aboveInputTokens: 200_000, price: long } };
  expect(priceForInput(listed, 200_000)).toBe(listed.price);
  expect(priceForInput(listed, 200_001)).toBe(long);
  const longest = { input: 3, output: 3, cacheRead: 3, cacheWrite: 3 };
  const twoSteps = { ...listed, longContext: { ...listed.longContext, longer: { aboveInputTokens: 272_000, price: longest } } };
  expect([200_000, 272_000, 272_001].map((tokens) => priceForInput(twoSteps, tokens).input)).toEqual([1, 2, 3]);
});
