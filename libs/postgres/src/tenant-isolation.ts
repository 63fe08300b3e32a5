import { codeOf } from './database-error.js';
import type { Queryable } from './catalogue.js';

export interface IsolationProbe {
  /** A role that sees everything; needed to know what there is to be seen. */
  readonly admin: Queryable;
  /** One connection of the serving role. */
  readonly serving: Queryable;
  readonly schema: string;
  /** Tenant that asks, and tenant whose rows it must not touch; both need a row in every table. */
  readonly tenantA: string;
  readonly tenantB: string;
}

export interface IsolationReport {
  /** Tables probed. */
  readonly tables: readonly string[];
  /** What went wrong, one sentence each; empty when nothing did. */
  readonly violations: readonly string[];
}

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Tries, as tenant A, to read, change, delete and insert rows of tenant B in every table of the schema that has a tenant_id: generated
 * from the catalogue, so that a new table is probed too, and a table without rows of B is a violation, since nothing would be proven.
 * Leaves everything as it was.
 */
export async function probeTenantIsolation(probe: IsolationProbe): Promise<IsolationReport> {
  const { rows } = await probe.admin.query(
    `SELECT c.relname AS name, array_agg(quote_ident(a.attname::text) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS columns
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') GROUP BY c.relname HAVING bool_or(a.attname = 'tenant_id') ORDER BY c.relname`,
    [probe.schema],
  );
  const violations: string[] = [];
  const tables: string[] = [];
  for (const row of rows) {
    const table = `${probe.schema}.${String(row['name'])}`;
    tables.push(table);
    for (const violation of await probeTable(probe, table, row['columns'] as string[])) violations.push(`${table}: ${violation}`);
  }
  return { tables, violations };
}

async function probeTable(probe: IsolationProbe, table: string, columns: readonly string[]): Promise<string[]> {
  const { tenantA, tenantB } = probe;
  const { rows } = await probe.admin.query(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = $1 LIMIT 1`, [tenantB]);
  if (rows[0] === undefined) return ['tenant B has no row, so nothing is proven'];
  const foreign = JSON.stringify(rows[0]['row']);
  const list = columns.join(', ');
  const found: string[] = [];
  const touches = async (verb: string, text: string, values: unknown[]): Promise<void> => {
    const count = await countAs(probe.serving, tenantA, text, values);
    if (count > 0) found.push(`tenant A could ${verb} ${count} of tenant B's rows`);
  };
  await touches('read', `SELECT 1 FROM ${table} WHERE tenant_id = $1`, [tenantB]);
  await touches('update', `UPDATE ${table} SET tenant_id = tenant_id WHERE tenant_id = $1 RETURNING 1`, [tenantB]);
  await touches('delete', `DELETE FROM ${table} WHERE tenant_id = $1 RETURNING 1`, [tenantB]);
  await touches('insert', `INSERT INTO ${table} (${list}) SELECT ${list} FROM jsonb_populate_record(NULL::${table}, $1) RETURNING 1`, [foreign]);
  await touches('give away', `UPDATE ${table} SET tenant_id = $1 RETURNING 1`, [tenantB]);
  const unset = await countAs(probe.serving, undefined, `SELECT 1 FROM ${table}`, []);
  if (unset > 0) found.push(`without a tenant, ${unset} rows could be read`);
  return found;
}

/** Rows that the statement touched; 0 when row-level security or a missing grant refused it. Rolled back. */
async function countAs(client: Queryable, tenantId: string | undefined, text: string, values: unknown[]): Promise<number> {
  await client.query('BEGIN');
  try {
    await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId ?? '']);
    return (await client.query(text, values)).rows.length;
  } catch (error) {
    if (codeOf(error) === INSUFFICIENT_PRIVILEGE) return 0;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}
