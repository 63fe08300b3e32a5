import pg from 'pg';
import { databaseError } from './database-error.js';
import { MIGRATION_TABLE, type MigrationClass } from './migrate.js';
import { sqlName } from './sql-name.js';

export interface PendingMigrationsOptions {
  /** URL of the schema's serving role, which may read what was applied. */
  readonly url: string;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
}

const CONNECT_WITHIN_MS = 5_000;

/**
 * Names of those migrations that the schema has not had; all of them while it is not there, or was last migrated by a version that let
 * nobody ask. Empty: this version may serve. Throws an AppError (see databaseError) when the database cannot be asked, also because the
 * role is not there yet.
 */
export async function pendingMigrations({ url, schema, migrations }: PendingMigrationsOptions): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: `nexus-migrations-${schema}`, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const table = `${sqlName(schema)}.${MIGRATION_TABLE}`;
    const { rows: may } = await client.query<{ read: boolean }>("SELECT coalesce(has_table_privilege(to_regclass($1), 'SELECT'), false) AS read", [table]);
    const applied = may[0]?.read === true ? (await client.query<{ name: string }>(`SELECT name FROM ${table}`)).rows : [];
    const done = new Set(applied.map((row) => row.name));
    return migrations.map((migration) => migration.name).filter((name) => !done.has(name));
  } catch (error) {
    throw databaseError(error);
  } finally {
    await client.end().catch(() => {});
  }
}
