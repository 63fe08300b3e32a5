import type { TokenCount } from '@nexus/core';
import type { ModelPart } from './model-part.js';

/** Why a model stopped; no provider's own word goes further than the wire. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' | 'other';

/** Tokens in exclusive buckets, as a provider told them. */
export interface ToldUsage extends TokenCount {
  /** Undefined when the provider does not tell. */
  readonly reasoning: number | undefined;
  /** What one of `requests` costs, in micro-USD for a million, where the provider tells: the price list may know another. */
  readonly requestPrice?: number | undefined;
  /** The part of `cacheRead` that was sound, where the provider tells. */
  readonly cachedSound?: number | undefined;
}

/** A model's whole answer: of the first choice, as all wires but OpenAI's chat have one. */
export interface ModelAnswer {
  readonly id: string | undefined;
  /** The model that answered, by the provider's own account. */
  readonly model: string | undefined;
  /** In the order in which they came: text, reasoning, tool calls, refusals. */
  readonly parts: readonly ModelPart[];
  readonly finishReason: FinishReason;
  /** The stop sequence that ended it, where the wire tells. */
  readonly stopSequence?: string | undefined;
  /** Undefined when the provider told none. */
  readonly usage: ToldUsage | undefined;
}

/** What a body with status 200 holds: an answer, an error in disguise, or nothing that can be understood. */
export type ReadAnswer =
  | { readonly kind: 'answer'; readonly answer: ModelAnswer }
  | { readonly kind: 'error'; readonly body: unknown }
  | { readonly kind: 'garbage' };
