import { newId } from '@nexus/core';
import { deleteExpired, type Database } from '@nexus/postgres';
import type { ModelAnswer } from '@nexus/wires';
import type { CachedAnswer } from './cache.store.js';

/** A question that was asked, by what it means. */
export interface AskedBefore {
  readonly id: string;
  readonly vector: Buffer;
}

/** So many of the latest questions are compared: more would take longer than they are worth. */
const COMPARED = 200;

/** Questions and answers in `router.similar`, by a tenant and the scope of a request. Times are the database's. */
export class SimilarStore {
  constructor(private readonly database: Database) {}

  /** The latest questions of a scope. */
  asked(tenantId: string, scope: string): Promise<readonly AskedBefore[]> {
    return this.database.withTenant(tenantId, (tx) => tx.query<AskedBefore>('similar_asked', `SELECT id, vector FROM router.similar WHERE scope = $1 AND expires_at > now() ORDER BY expires_at DESC LIMIT ${COMPARED}`, [scope]));
  }

  async answer(tenantId: string, id: string): Promise<CachedAnswer | undefined> {
    const [row] = await this.database.withTenant(tenantId, (tx) => tx.query<{ model: string; answer: string }>('similar_answer', 'SELECT model, answer FROM router.similar WHERE id = $1 AND expires_at > now()', [id]));
    return row && { model: row.model, answer: JSON.parse(row.answer) as ModelAnswer, body: undefined };
  }

  async keep(tenantId: string, question: { readonly scope: string; readonly vector: Buffer; readonly seconds: number }, model: string, answer: ModelAnswer): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query(
      'similar_keep', 'INSERT INTO router.similar (tenant_id, id, scope, vector, model, answer, expires_at) VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))',
      [tenantId, newId(), question.scope, question.vector, model, JSON.stringify(answer), question.seconds],
    ));
  }

  /** Deletes what has expired, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'router', 'similar');
  }
}
