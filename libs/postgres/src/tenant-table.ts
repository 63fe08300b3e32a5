import { rolesOf, sqlName } from './sql-name.js';

/** What the serving role may be granted; TRUNCATE, which ignores row-level security, is not among it. */
export type TableGrant = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** The tenant of the transaction; NULL outside one. After a transaction the setting is empty and not NULL, hence NULLIF. */
export const CURRENT_TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid";

/** Statements that keep the rows of a table with a column `tenant_id` apart, and grant the serving role what it needs. */
export function tenantTable(schema: string, table: string, grants: readonly TableGrant[]): string {
  const name = `${sqlName(schema)}.${sqlName(table)}`;
  return `
    ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${name} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${name} USING (tenant_id = ${CURRENT_TENANT}) WITH CHECK (tenant_id = ${CURRENT_TENANT});
    GRANT ${grants.join(', ')} ON ${name} TO ${rolesOf(schema).serving};`;
}

/** A question across tenants. */
export interface FinderFunction {
  readonly schema: string;
  /** Must be on the list in definer-functions.ts. */
  readonly name: string;
  /** As in SQL: `p_hash bytea`. Named so that they are no column's names. */
  readonly parameters: string;
  /** The table it reads, and the columns that its query names. */
  readonly table: string;
  readonly columns: readonly string[];
  /** One SELECT of (tenant_id, id). */
  readonly query: string;
}

/**
 * Statements that make a SECURITY DEFINER function which answers only (tenant_id, id). It runs as the schema's finder role, which may
 * read those columns and nothing else; row-level security holds for the owner too, so the owner could not answer.
 */
export function finderFunction(finder: FinderFunction): string {
  const { serving, finder: role } = rolesOf(finder.schema);
  const table = `${sqlName(finder.schema)}.${sqlName(finder.table)}`;
  const name = `${finder.schema}.${sqlName(finder.name)}`;
  const types = finder.parameters.split(',').map((parameter) => parameter.trim().split(/\s+/).slice(1).join(' ')).join(', ');
  return `
    GRANT SELECT (${['tenant_id', 'id', ...finder.columns.map(sqlName)].join(', ')}) ON ${table} TO ${role};
    DO $do$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = '${finder.schema}' AND tablename = '${finder.table}' AND policyname = 'finder') THEN
        CREATE POLICY finder ON ${table} FOR SELECT TO ${role} USING (true);
      END IF;
    END $do$;
    CREATE FUNCTION ${name}(${finder.parameters}) RETURNS TABLE (tenant_id uuid, id uuid)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $function$ ${finder.query} $function$;
    REVOKE ALL ON FUNCTION ${name}(${types}) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION ${name}(${types}) TO ${serving};
    ALTER FUNCTION ${name}(${types}) OWNER TO ${role};`;
}
