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
  /** Undefined: what the price list says. */
  readonly mode?: ModelMode | undefined;
  /** Searches of the web that each call makes and is charged for, at most. */
  readonly searchesPerCall?: number | undefined;
  readonly supports: Partial<ModelAbilities>;
}

/** What a model is for. `responses` chats too, but only behind OpenAI's responses API. */
export type ModelMode = 'chat' | 'responses' | 'embedding';

/** What is known of a model's abilities; undefined is unknown, not no. */
export interface ModelAbilities {
  readonly tools: boolean | undefined;
  /** Takes pictures. */
  readonly vision: boolean | undefined;
  /** Answers in the form of a JSON schema. */
  readonly jsonSchema: boolean | undefined;
  readonly reasoning: boolean | undefined;
  /** Takes audio. */
  readonly audio: boolean | undefined;
  /** Takes PDF files. */
  readonly files: boolean | undefined;
}

/** How a provider is spoken to. */
export type ProviderKind = 'openai' | 'responses' | 'anthropic' | 'gemini' | 'local';

/** What a provider lets through in a minute, of all replicas together; undefined is no limit. */
export interface ProviderLimits {
  readonly requestsPerMinute: number | undefined;
  /** Of input and output together. */
  readonly tokensPerMinute: number | undefined;
}

/** When a provider is given a rest. */
export interface BreakerSettings {
  /** So many calls that failed through no fault of their caller, within `windowMs` and with none that was answered between them. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it rests before one call tries whether it is well again. */
  readonly openMs: number;
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
  readonly kind: ProviderKind;
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
  /** True when a provider of the kind `openai` has the responses API too. */
  readonly hasResponses: boolean;
  readonly limits: ProviderLimits;
  readonly breaker: BreakerSettings;
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
