import type { MicroUsd, TokenCount, TokenPrice } from '@nexus/core';

/** Labels below a tenant; empty when there is none. */
export interface Attribution {
  readonly client: string;
  readonly project: string;
  readonly keyId: string;
  readonly user: string;
  readonly agent: string;
  readonly threadId: string;
}

/** A model call that is about to be made. */
export interface PlannedAttempt {
  readonly tenantId: string;
  readonly attemptId: string;
  /** The consumer that will make the call. */
  readonly owner: string;
  readonly provider: string;
  readonly model: string;
  /** No input can be larger than this many tokens. */
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  /** Fewer output tokens are not worth the call. */
  readonly minOutputTokens: number;
  readonly price: TokenPrice;
  readonly attribution: Attribution;
  readonly runId: string | undefined;
  readonly step: number;
}

export type AttemptResult = 'succeeded' | 'failed' | 'not_sent' | 'cancelled';

/**
 * How an attempt was settled that its owner did not settle in time: by the owner after all, by asking the provider, by booking what was
 * reserved, or by hand. Empty for all others.
 */
export type Resolution = '' | 'owner' | 'provider' | 'policy' | 'manual';

/** What an attempt really used, as told by who made it, or found out by another. */
export interface UsageRecord {
  readonly tenantId: string;
  readonly attemptId: string;
  readonly result: AttemptResult;
  readonly provider: string;
  readonly model: string;
  /** Empty for a model call. */
  readonly tool: string;
  readonly tokens: TokenCount;
  /** NEXUS counted, because the provider gave no figures. */
  readonly isEstimated: boolean;
  /** Undefined when the record names none. */
  readonly price: TokenPrice | undefined;
  readonly attribution: Attribution;
  readonly runId: string | undefined;
  readonly step: number;
  /** What was asked for: a model, a tier or `auto`; empty when nobody said. */
  readonly requested: string;
  /** Why this model was called, in words. */
  readonly route: string;
  /** Unix milliseconds; 0 when unknown. */
  readonly finishedAtMs: number;
  readonly durationMs: number;
  readonly errorCode: string;
  readonly providerRequestId: string;
  /** W3C trace id; empty when the record came without one. */
  readonly traceId: string;
  readonly resolution: Resolution;
}

/** A usage record with its cost: what the ledger keeps. */
export interface Settlement extends UsageRecord {
  readonly price: TokenPrice;
  readonly cost: MicroUsd;
}
