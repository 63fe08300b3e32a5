import { deleteExpired, type Database } from '@nexus/postgres';

/** The items of a response's output, each as JSON. */
export interface KeptResponse {
  readonly id: string;
  readonly items: readonly string[];
}

/** Items of responses, kept for 7 days by the database's clock. */
export class KeptResponseStore {
  constructor(private readonly database: Database) {}

  /** One that is there stays as it is. */
  async keep(tenantId: string, { id, items }: KeptResponse): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query('response_keep',
      `INSERT INTO orchestrator.kept_response (tenant_id, id, expires_at, items) VALUES ($1, $2, now() + interval '7 days', $3) ON CONFLICT DO NOTHING`, [tenantId, id, items]));
  }

  /** Those that are there, in any order. */
  get(tenantId: string, ids: readonly string[]): Promise<readonly KeptResponse[]> {
    return this.database.withTenant(tenantId, (tx) =>
      tx.query<KeptResponse>('response_get', 'SELECT id, items FROM orchestrator.kept_response WHERE id = ANY ($1::uuid[]) AND expires_at > now()', [ids]));
  }

  /** Deletes what has expired. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'orchestrator', 'kept_response');
  }
}
