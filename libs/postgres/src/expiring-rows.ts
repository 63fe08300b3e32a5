import type { Database } from './database.js';
import { sqlName } from './sql-name.js';
import { finderFunction } from './tenant-table.js';

/** Statements for a table whose rows, with the columns `id` and `expires_at`, end by themselves: an index, and the finder that deleteExpired() asks. */
export function expiringRows(schema: string, table: string): string {
  return `
    CREATE INDEX ${sqlName(table)}_expiry ON ${sqlName(schema)}.${sqlName(table)} (expires_at);
    ${finderFunction({
      schema, table,
      name: `expired_${table}`,
      parameters: 'p_limit integer',
      columns: ['expires_at'],
      query: `SELECT e.tenant_id, e.id FROM ${schema}.${table} e WHERE e.expires_at <= now() ORDER BY e.expires_at LIMIT p_limit`,
    })}`;
}

const AT_ONCE = 500;

/** Deletes what has expired, of every tenant, as that tenant. Answers how many rows. */
export async function deleteExpired(database: Database, schema: string, table: string): Promise<number> {
  const name = `${sqlName(schema)}.${sqlName(table)}`;
  for (let deleted = 0; ; ) {
    const expired = await database.query<{ tenant_id: string; id: string }>(`${table}_expired`, `SELECT tenant_id, id FROM ${schema}.expired_${table}($1)`, [AT_ONCE]);
    const byTenant = Map.groupBy(expired, (row) => row.tenant_id);
    await database.withTenants(new Map([...byTenant].map(([tenantId, rows]) => [
      tenantId,
      [{ name: `${table}_delete_expired`, text: `DELETE FROM ${name} WHERE id = ANY ($1::uuid[]) AND expires_at <= now()`, values: [rows.map(({ id }) => id)] }],
    ])));
    deleted += expired.length;
    if (expired.length < AT_ONCE) return deleted;
  }
}
