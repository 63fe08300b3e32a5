import { newId } from '@nexus/core';
import type { Database } from './database.js';
import { deleteExpired } from './expiring-rows.js';
import { sqlName } from './sql-name.js';

/** A call that carries an idempotency key. */
export interface KeyedCall {
  readonly tenantId: string;
  /** Made of method, caller and key: the same call has it again. */
  readonly id: string;
  readonly method: string;
  readonly requestHash: Uint8Array;
  /** Kept from the first execution for every later one; sealed, as the response is. */
  readonly seed: Uint8Array;
}

/** What is to be done with a keyed call. `begun`: carry it out. */
export type KeyedState =
  | { readonly kind: 'begun'; readonly holder: string; readonly seed: Uint8Array }
  | { readonly kind: 'answered'; readonly response: Uint8Array }
  | { readonly kind: 'in_flight' }
  | { readonly kind: 'other_request' };

interface StoredRow {
  readonly request_hash: Buffer;
  readonly response: Buffer | null;
}

const KEPT_DAYS = 7;

/**
 * Keeps keyed calls in `<schema>.idempotency_key`, made by idempotencyMigration, for 7 days. All times are the database's, so that the
 * replicas' clocks do not matter. What is to be kept secret must come sealed.
 */
export class IdempotencyStore {
  private readonly table: string;

  /** `leaseMs`: how long an execution that is not heard of holds its call; default 60,000. */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    readonly leaseMs = 60_000,
  ) {
    this.table = `${sqlName(schema)}.idempotency_key`;
  }

  /** Takes the call to carry it out: the first one does, or whoever comes after its execution was given up or died. */
  async begin(call: KeyedCall): Promise<KeyedState> {
    const holder = newId();
    return this.database.withTenant(call.tenantId, async (tx) => {
      const [, taken, stored] = await Promise.all([
        tx.query('idempotency_forget_expired', `DELETE FROM ${this.table} WHERE id = $1 AND expires_at <= now()`, [call.id]),
        tx.query<{ seed: Buffer }>(
          'idempotency_begin',
          `INSERT INTO ${this.table} AS stored (tenant_id, id, method, request_hash, seed, holder, held_until, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7), now(), now() + make_interval(days => ${KEPT_DAYS}))
           ON CONFLICT (tenant_id, id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
             WHERE stored.response IS NULL AND stored.held_until <= now() AND stored.request_hash = excluded.request_hash
           RETURNING seed`,
          [call.tenantId, call.id, call.method, Buffer.from(call.requestHash), Buffer.from(call.seed), holder, this.leaseMs / 1_000],
        ),
        tx.query<StoredRow>('idempotency_read', `SELECT request_hash, response FROM ${this.table} WHERE id = $1`, [call.id]),
      ]);
      if (taken[0] !== undefined) return { kind: 'begun', holder, seed: taken[0].seed };
      return stateOf(stored[0], call);
    });
  }

  /** Says that the execution goes on. False when another one has taken the call over. */
  async renew(call: KeyedCall, holder: string): Promise<boolean> {
    return this.change(call, holder, 'renew', `UPDATE ${this.table} SET held_until = now() + make_interval(secs => $3) WHERE id = $1 AND holder = $2 RETURNING 1`, [this.leaseMs / 1_000]);
  }

  /** Stores the answer. False when another execution has taken the call over: then its answer is the answer. */
  async finish(call: KeyedCall, holder: string, response: Uint8Array): Promise<boolean> {
    return this.change(call, holder, 'finish', `UPDATE ${this.table} SET response = $3, holder = NULL WHERE id = $1 AND holder = $2 AND response IS NULL RETURNING 1`, [Buffer.from(response)]);
  }

  /** The execution failed in a way that may have had an effect: the next one begins at once, with the same seed and for the same request only. */
  async release(call: KeyedCall, holder: string): Promise<boolean> {
    return this.change(call, holder, 'release', `UPDATE ${this.table} SET holder = NULL, held_until = now() WHERE id = $1 AND holder = $2 RETURNING 1`);
  }

  /** The call was refused and had no effect: the key is free again. */
  async forget(call: KeyedCall, holder: string): Promise<boolean> {
    return this.change(call, holder, 'forget', `DELETE FROM ${this.table} WHERE id = $1 AND holder = $2 RETURNING 1`);
  }

  /** Deletes what is older than 7 days, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, this.schema, 'idempotency_key');
  }

  private async change(call: KeyedCall, holder: string, name: string, text: string, values: readonly unknown[] = []): Promise<boolean> {
    const rows = await this.database.withTenant(call.tenantId, (tx) => tx.query(`idempotency_${name}`, text, [call.id, holder, ...values]));
    return rows.length > 0;
  }
}

/** Nothing is read of a call whose first execution another transaction has not yet stored. */
function stateOf(stored: StoredRow | undefined, call: KeyedCall): KeyedState {
  if (stored === undefined) return { kind: 'in_flight' };
  if (!stored.request_hash.equals(call.requestHash)) return { kind: 'other_request' };
  return stored.response === null ? { kind: 'in_flight' } : { kind: 'answered', response: stored.response };
}
