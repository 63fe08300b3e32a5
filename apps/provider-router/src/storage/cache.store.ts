import { deleteExpired, type Database } from '@nexus/postgres';
import type { ModelAnswer } from '@nexus/wires';

/** An answer that was given before: what was said, or an embedding's body. */
export interface CachedAnswer {
  /** `provider/model` that answered. */
  readonly model: string;
  readonly answer: ModelAnswer | undefined;
  readonly body: Buffer | undefined;
}

interface Row {
  readonly model: string;
  readonly answer: string | null;
  readonly body: Buffer | null;
}

/** Answers in `router.cache`, by a tenant and the id of a request. Times are the database's. */
export class CacheStore {
  constructor(private readonly database: Database) {}

  async find(tenantId: string, id: string): Promise<CachedAnswer | undefined> {
    const [row] = await this.database.withTenant(tenantId, (tx) => tx.query<Row>('cache_find', 'SELECT model, answer, body FROM router.cache WHERE id = $1 AND expires_at > now()', [id]));
    return row && { model: row.model, answer: row.answer === null ? undefined : (JSON.parse(row.answer) as ModelAnswer), body: row.body ?? undefined };
  }

  /** The latest answer counts. */
  async keep(tenantId: string, id: string, { model, answer, body }: CachedAnswer, seconds: number): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query(
      'cache_keep',
      `INSERT INTO router.cache (tenant_id, id, model, answer, body, expires_at) VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
       ON CONFLICT (tenant_id, id) DO UPDATE SET model = excluded.model, answer = excluded.answer, body = excluded.body, expires_at = excluded.expires_at`,
      [tenantId, id, model, answer ? JSON.stringify(answer) : null, body ?? null, seconds],
    ));
  }

  /** Deletes what has expired, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'router', 'cache');
  }
}
