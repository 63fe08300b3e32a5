import { definerFunctions, definerFunctionsOfEverySchema } from './definer-functions.js';
import { rolesOf } from './sql-name.js';

/** What the checks need of a connection; a `pg` Client or Pool is one. The role must be able to read the whole catalogue. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

export interface CatalogueOptions {
  /** Tables, as `schema.table`, that belong to no tenant. */
  readonly tenantless?: readonly string[];
}

/** One rule: its query answers the names that break it, as `subject`. $1 are the schemas. */
interface Rule {
  readonly says: string;
  readonly text: string;
}

const TABLES = `
  tables AS (
    SELECT c.oid, c.relname, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, n.nspname, n.nspname || '.' || c.relname AS subject,
           (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant,
           (SELECT a.attnotnull AND a.atttypid = 'uuid'::regtype FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant_is_sound
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND c.relname <> 'migration')`;

const TENANT_EXPRESSION = `'(tenant_id = (NULLIF(current_setting(''app.tenant_id''::text, true), ''''::text))::uuid)'`;

const RULES: readonly Rule[] = [
  { says: 'has no column tenant_id', text: `SELECT subject FROM tables WHERE tenant IS NULL AND NOT subject = ANY ($2)` },
  { says: 'has a tenant_id that may be null or is no uuid', text: `SELECT subject FROM tables WHERE NOT tenant_is_sound` },
  {
    says: 'does not force row-level security',
    text: `SELECT subject FROM tables WHERE tenant IS NOT NULL AND NOT (relrowsecurity AND relforcerowsecurity)`,
  },
  {
    says: 'has no policy for its tenant',
    text: `SELECT subject FROM tables t WHERE tenant IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polroles = '{0}')`,
  },
  {
    says: 'is a policy that lets through more than the rows of the current tenant',
    text: `SELECT subject || ' ' || p.polname AS subject FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
            WHERE NOT (p.polcmd = 'r' AND p.polroles = ARRAY[to_regrole('nexus_' || t.nspname || '_finder')::oid])
              AND (coalesce(pg_get_expr(p.polqual, p.polrelid), '') <> ${TENANT_EXPRESSION}
                OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') <> ${TENANT_EXPRESSION}
                OR p.polcmd <> '*' OR NOT p.polpermissive)`,
  },
  {
    says: 'is a primary key or unique index without tenant_id: it would tell tenants of each other',
    text: `SELECT i.indexrelid::regclass::text AS subject FROM tables t JOIN pg_index i ON i.indrelid = t.oid
            WHERE t.tenant IS NOT NULL AND i.indisunique AND NOT t.tenant = ANY (i.indkey::int2[])`,
  },
  { says: 'has no primary key', text: `SELECT subject FROM tables t WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)` },
  {
    says: 'is a foreign key that does not lead from tenant_id to tenant_id',
    text: `SELECT t.subject || ' ' || k.conname AS subject FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
            WHERE t.tenant IS NOT NULL AND NOT EXISTS (
              SELECT FROM unnest(k.conkey, k.confkey) AS pair (own, other)
                JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = pair.other AND a.attname = 'tenant_id'
               WHERE pair.own = t.tenant)`,
  },
  {
    says: 'grants TRUNCATE, which ignores row-level security',
    text: `SELECT DISTINCT subject FROM tables t, aclexplode(t.relacl) AS grants WHERE grants.privilege_type = 'TRUNCATE' AND grants.grantee <> t.relowner`,
  },
  { says: 'grants something to everybody', text: `SELECT DISTINCT subject FROM tables t, aclexplode(t.relacl) AS grants WHERE grants.grantee = 0` },
  {
    says: 'is a view that does not run with the rights of who asks (security_invoker)',
    text: `SELECT n.nspname || '.' || c.relname AS subject FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY ($1) AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false))`,
  },
  {
    says: 'is a SECURITY DEFINER function that is not on the list',
    text: `SELECT subject FROM definers WHERE NOT subject = ANY ($3)`,
  },
  {
    says: 'is a SECURITY DEFINER function that returns more than (tenant_id, id)',
    text: `SELECT subject FROM definers WHERE pg_get_function_result(oid) <> 'TABLE(tenant_id uuid, id uuid)'`,
  },
  {
    says: 'is a SECURITY DEFINER function without a search_path of its own',
    text: `SELECT subject FROM definers WHERE NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search\\_path=%')`,
  },
  {
    says: 'is a SECURITY DEFINER function that everybody may call',
    text: `SELECT DISTINCT subject FROM definers d, aclexplode(coalesce(d.proacl, acldefault('f', d.proowner))) AS grants WHERE grants.grantee = 0`,
  },
  {
    says: 'is missing, or may bypass row-level security, make roles or databases, or become another role',
    text: `SELECT expected AS subject FROM unnest($4::text[]) AS expected LEFT JOIN pg_roles r ON r.rolname = expected
            WHERE r.oid IS NULL OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR NOT r.rolcanlogin
               OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)`,
  },
  {
    says: 'owns something, and so is not held by its grants',
    text: `SELECT DISTINCT r.rolname AS subject FROM pg_roles r JOIN pg_shdepend d ON d.refobjid = r.oid AND d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'
            WHERE r.rolname = ANY ($4) AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`,
  },
];

/**
 * What is wrong with how these schemas keep tenants apart, one sentence each; empty when nothing is. The rules hold for every table
 * there is, so that a new one without a policy is found.
 */
export async function checkCatalogue(client: Queryable, schemas: readonly string[], options: CatalogueOptions = {}): Promise<string[]> {
  const known = [...definerFunctions, ...schemas.flatMap((schema) => definerFunctionsOfEverySchema.map((name) => `${schema}.${name}`))];
  const parameters = [[...schemas], [...(options.tenantless ?? [])], known, schemas.map((schema) => rolesOf(schema).serving)];
  const violations: string[] = [];
  for (const rule of RULES) {
    const { rows } = await client.query(`WITH parameters AS (SELECT $1::text[], $2::text[], $3::text[], $4::text[]), ${TABLES}, ${DEFINERS} ${rule.text}`, parameters);
    for (const row of rows) violations.push(`${String(row['subject'])} ${rule.says}`);
  }
  return violations.sort();
}

const DEFINERS = `
  definers AS (
    SELECT p.oid, p.proconfig, p.proacl, p.proowner, n.nspname || '.' || p.proname AS subject
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1) AND p.prosecdef)`;
