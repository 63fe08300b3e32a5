/** Which attempt, of which tenant. */
export interface AttemptRef {
  readonly tenantId: string;
  readonly attemptId: string;
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
