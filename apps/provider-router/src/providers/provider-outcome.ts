import type { FinishReason, ModelAnswer, ModelPart, ToldUsage } from '@nexus/wires';
import type { ProviderError } from './provider-error.js';

/** What was used, in exclusive buckets; `output` holds the reasoning tokens too. */
export interface Usage extends ToldUsage {
  /** True when NEXUS counted because the provider did not say: an approximation. */
  readonly estimated: boolean;
}

/** Milliseconds on a monotonic clock, from the moment the call was asked for. */
export interface CallTimings {
  /** To the first byte of the answer; undefined when none came. */
  readonly firstByteMs: number | undefined;
  readonly totalMs: number;
  /** How long the machine of a local model worked for it, where that is told. */
  readonly computeMs?: number;
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
  /** The first choice in no wire's own form, built when asked for. */
  readonly answer: () => ModelAnswer;
}

/** A call that was not answered, or not to its end. `error.charge` says what it costs. */
export interface Failed {
  readonly kind: 'failed';
  readonly error: ProviderError;
  /** Counted or reported before the break; there whenever `error.charge` is `estimated`. */
  readonly usage: Usage | undefined;
  /** What had arrived of the message, when a stream had started. */
  readonly partial: readonly ModelPart[] | undefined;
  readonly providerRequestId: string | undefined;
  readonly wasSent: boolean;
  readonly timings: CallTimings;
}

/** How a call of a model ended. */
export type ProviderOutcome = Completed | Failed;
