import type { TokenPrice } from '@nexus/core';
import type { ModelCatalog, ResolvedModel } from '../model-catalog.js';
import { createModelCatalog } from '../model-catalog.js';
import { createPriceList } from '../price-list.js';
import type { ModelConfig, ProviderConfig } from '../provider-config.js';

/** What the rest of the tests' providers is. */
const provider: Omit<ProviderConfig, 'name' | 'models'> = {
  kind: 'openai', baseUrl: 'https://api.example.org/v1', baseUrlEnv: undefined, baseUrlPath: undefined, keyEnv: [], offeredWhen: 'always', priceVendor: 'none', headers: {}, defaultMaxOutputTokens: undefined,
  outputLimitParameter: 'max_tokens', streamUsage: true, hasResponses: false, maxConnections: 1, timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 }, lookup: undefined, unknown: 'book_reserved',
  limits: { requestsPerMinute: undefined, tokensPerMinute: undefined }, breaker: { failures: 3, windowMs: 1_000, openMs: 100 },
};

export const priceOf = (input: number, output: number): TokenPrice => ({ input, output, cacheRead: input, cacheWrite: input });

export const modelConfig = (id: string, price: TokenPrice, more: Partial<ModelConfig> = {}): ModelConfig => ({
  id, upstreamName: undefined, price, maxOutputTokens: undefined, contextWindow: undefined, supports: {}, ...more,
});

export const providerConfig = (name: string, models: readonly ModelConfig[], more: Partial<ProviderConfig> = {}): ProviderConfig => ({ ...provider, ...more, name, models });

export const catalogOf = (providers: readonly ProviderConfig[], discovered?: ReadonlyMap<string, readonly string[]>): ModelCatalog =>
  createModelCatalog({ providers, env: {}, prices: createPriceList([]), ...(discovered && { discovered }) });

export const modelOf = (more: Partial<ModelConfig> = {}, providerMore: Partial<ProviderConfig> = {}): ResolvedModel =>
  catalogOf([providerConfig('p', [modelConfig('m', priceOf(1, 2), more)], providerMore)]).resolve('p/m');
