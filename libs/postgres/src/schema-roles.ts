import type { Client } from 'pg';
import { codeOf } from './database-error.js';
import { isVerifierOf, scramVerifier } from './scram-verifier.js';
import { rolesOf, sqlName } from './sql-name.js';

interface RoleRow {
  readonly rolname: string;
}

/** True when the schema, its three roles and their grants are there. */
export async function hasSchemaRoles(client: Client, schema: string): Promise<boolean> {
  const { owner, serving, finder } = rolesOf(schema);
  const { rows } = await client.query<{ ready: boolean }>(
    `SELECT coalesce(
              to_regrole($1) IS NOT NULL
              AND has_schema_privilege(to_regrole($2)::oid, to_regnamespace($4)::oid, 'USAGE')
              AND has_schema_privilege(to_regrole($3)::oid, to_regnamespace($4)::oid, 'CREATE'), false) AS ready`,
    [owner, serving, finder, schema],
  );
  return rows[0]?.ready === true;
}

/** Makes the roles, the schema and the grants between them; what is there already stays. */
export async function createSchemaRoles(client: Client, schema: string): Promise<void> {
  const { owner, serving, finder } = rolesOf(schema);
  const attributes = 'NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION';
  const { rows } = await client.query<RoleRow>('SELECT rolname FROM pg_roles WHERE rolname IN ($1, $2, $3)', [owner, serving, finder]);
  const existing = new Set(rows.map((row) => row.rolname));
  for (const [role, login] of [[owner, 'NOLOGIN'], [serving, 'LOGIN'], [finder, 'NOLOGIN']] as const) {
    if (!existing.has(role)) await tolerateRace(client, `CREATE ROLE ${role} ${login} ${attributes}`);
  }
  await grantMembership(client, finder, owner);
  const { rows: me } = await client.query<RoleRow>('SELECT current_user AS rolname');
  if (me[0]) await grantMembership(client, owner, me[0].rolname);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${sqlName(schema)} AUTHORIZATION ${owner}`);
  await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${serving}`);
  await client.query(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${finder}`);
}

/** Sets the role's password unless it is that already. Sends a verifier, never the password. */
export async function setRolePassword(client: Client, role: string, password: string): Promise<void> {
  if (isVerifierOf(await storedVerifier(client, role), password)) return;
  await tolerateRace(client, `ALTER ROLE ${sqlName(role)} PASSWORD '${scramVerifier(password)}'`);
}

async function storedVerifier(client: Client, role: string): Promise<string | null> {
  try {
    const { rows } = await client.query<{ rolpassword: string | null }>('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [role]);
    return rows[0]?.rolpassword ?? null;
  } catch (error) {
    // Only superusers may read it; then the password is set each time.
    if (codeOf(error) === '42501') return null;
    throw error;
  }
}

async function grantMembership(client: Client, role: string, member: string): Promise<void> {
  const { rows } = await client.query<{ member: boolean }>("SELECT pg_has_role($2::name, $1::name, 'MEMBER') AS member", [role, member]);
  if (rows[0]?.member !== true) await tolerateRace(client, `GRANT ${role} TO ${client.escapeIdentifier(member)}`);
}

/**
 * Roles belong to the whole server and advisory locks to one database, so two databases may make the same role at the same moment:
 * duplicate_object, unique_violation, or internal_error `tuple concurrently updated` say that the other one has just done it.
 */
async function tolerateRace(client: Client, text: string): Promise<void> {
  try {
    await client.query(text);
  } catch (error) {
    const code = codeOf(error);
    const isUpdatedByOther = code === 'XX000' && error instanceof Error && error.message.includes('concurrently updated');
    if (code !== '42710' && code !== '23505' && !isUpdatedByOther) throw error;
  }
}
