import type { TokenPrice } from '@nexus/core';
import type { Attribution } from './attempt.js';

/** Which attempt, of which tenant. */
export interface AttemptRef {
  readonly tenantId: string;
  readonly attemptId: string;
}

/** An UNKNOWN attempt, as it is handed out for its resolution. */
export interface UnknownAttempt extends AttemptRef {
  readonly provider: string;
  readonly model: string;
  readonly price: TokenPrice;
  readonly attribution: Attribution;
  readonly runId: string | undefined;
  /** How often it was handed out before. */
  readonly asked: number;
}

/** What a life of a replica says of itself and of its attempts. */
export interface OwnerReport {
  readonly owner: string;
  readonly replica: string;
  /** 0: it has ended. */
  readonly ttlMs: number;
  /** Open attempts of it, of which it does not know what became of them. */
  readonly lost: readonly AttemptRef[];
  /** Open attempts of it that never reached a provider. */
  readonly uncalled: readonly AttemptRef[];
  /** UNKNOWN attempts whose provider cannot be asked. */
  readonly unresolvable: readonly AttemptRef[];
}
