import type { TokenCount } from '@nexus/core';
import type { ProviderError } from './provider-error.js';

/** Tokens in exclusive buckets; `output` holds the reasoning tokens too. */
export interface Usage extends TokenCount {
  /** The part of `output` that was spent on reasoning; undefined when the provider does not tell. */
  readonly reasoning: number | undefined;
  /** True when NEXUS counted because the provider did not say: an approximation. */
  readonly estimated: boolean;
}

/** Why a model stopped; no provider's own word goes further than this. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' | 'other';

/** A tool call as the model wrote it: `arguments` is text that nobody has checked. */
export interface RequestedToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** The message of a model, whole. */
export interface AssistantMessage {
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly refusal: string | undefined;
  readonly toolCalls: readonly RequestedToolCall[];
}

/** Milliseconds on a monotonic clock, from the moment the call was asked for. */
export interface CallTimings {
  /** To the first byte of the answer; undefined when none came. */
  readonly firstByteMs: number | undefined;
  readonly totalMs: number;
}

/** A call that was answered. */
export interface Completed {
  readonly kind: 'completed';
  readonly status: number;
  /**
   * The provider's JSON as it came; undefined for a stream, whose parts were handed out as they came. A provider that answers a request
   * for a stream with plain JSON gives a body, and no part.
   */
  readonly body: Buffer | undefined;
  readonly id: string | undefined;
  /** The model that answered, by the provider's own account. */
  readonly model: string | undefined;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  readonly providerRequestId: string | undefined;
  readonly wasSent: true;
  readonly timings: CallTimings;
  /** The first choice's message, built when asked for. */
  readonly message: () => AssistantMessage;
}

/** A call that was not answered, or not to its end. `error.charge` says what it costs. */
export interface Failed {
  readonly kind: 'failed';
  readonly error: ProviderError;
  /** Counted or reported before the break; there whenever `error.charge` is `estimated`. */
  readonly usage: Usage | undefined;
  /** What had arrived of the message, when a stream had started. */
  readonly partial: AssistantMessage | undefined;
  readonly providerRequestId: string | undefined;
  readonly wasSent: boolean;
  readonly timings: CallTimings;
}

/** How a call of a model ended. */
export type ProviderOutcome = Completed | Failed;
