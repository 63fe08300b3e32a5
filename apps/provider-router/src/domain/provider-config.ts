import type { TokenPrice } from '@nexus/core';

/** One model, or with a `*` in its id a pattern of models, of a provider. */
export interface ModelConfig {
  readonly id: string;
  /** The provider's own name, where it is another one; never with a pattern. */
  readonly upstreamName: string | undefined;
  /** Undefined: what the price list says. */
  readonly price: TokenPrice | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly contextWindow: number | undefined;
  readonly supports: { readonly tools?: boolean | undefined; readonly vision?: boolean | undefined; readonly reasoning?: boolean | undefined };
}

/** How long a provider may take, in milliseconds. */
export interface ProviderTimeouts {
  readonly connectMs: number;
  /** From the request to the first byte of the answer. */
  readonly firstByteMs: number;
  /** Between two reads of the answer. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** One provider as config/providers.yaml describes it; the meaning of each field is told in that file. */
export interface ProviderConfig {
  readonly name: string;
  readonly kind: 'openai';
  readonly baseUrl: string | undefined;
  readonly baseUrlEnv: string | undefined;
  readonly baseUrlPath: string | undefined;
  /** Names of environment variables, of which the first one set holds the key; none when there is no key. */
  readonly keyEnv: readonly string[];
  readonly offeredWhen: 'key' | 'always' | 'reachable';
  readonly priceVendor: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly defaultMaxOutputTokens: number | undefined;
  readonly outputLimitParameter: 'max_tokens' | 'max_completion_tokens';
  readonly streamUsage: boolean;
  readonly maxConnections: number;
  readonly timeouts: ProviderTimeouts;
  /** Where the provider can be asked about an attempt; undefined when it cannot. */
  readonly lookup: string | undefined;
  /** What becomes of an UNKNOWN attempt when the provider cannot be asked. */
  readonly unknown: 'book_reserved' | 'keep';
  readonly models: readonly ModelConfig[];
}

/** True for an http(s) URL that names a server and a path and nothing else. */
export function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return !!url && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username && !url.password && !url.search && !url.hash;
}
