import { AppError } from '@nexus/core';
import pg from 'pg';
import type { DataSource, Logger, MigrationInterface } from 'typeorm';
import { databaseError } from './database-error.js';
import { createSchemaRoles, hasSchemaRoles, setRolePassword } from './schema-roles.js';
import { rolesOf, sqlName } from './sql-name.js';

/** A class whose name ends in the 13 digits of a Unix time in milliseconds, by which migrations are put in order. */
export type MigrationClass = new () => MigrationInterface;

export interface MigrateOptions {
  /** URL of a role that may make roles and schemas. */
  readonly adminUrl: string;
  readonly schema: string;
  /** Set on the serving role `nexus_<schema>`; without one it keeps what it has. */
  readonly servingPassword?: string;
  readonly migrations: readonly MigrationClass[];
  /** Told of each migration that ran. */
  readonly log?: (text: string) => void;
}

/** First key of the advisory locks, one for each schema. */
const LOCK_SPACE = 0x6e78;
/** In each schema: what was applied to it, as TypeORM keeps it. The serving role may read it. */
export const MIGRATION_TABLE = 'migration';

const ignore = (): void => {};

/** TypeORM writes of failures to stdout, whatever `logging` says; ours are in the AppError. */
const silent: Logger = { logQuery: ignore, logQueryError: ignore, logQuerySlow: ignore, logSchemaBuild: ignore, logMigration: ignore, log: ignore };

/**
 * Makes the schema's roles and runs the migrations that are due, each in a transaction, as the schema's owner. Answers their names.
 * Only one process at a time migrates a schema; when nothing is due it takes no lock and loads no TypeORM.
 * Throws AppError `migration_failed`, or what databaseError says.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { schema } = options;
  sqlName(schema);
  const client = new pg.Client({ connectionString: options.adminUrl, application_name: `nexus-migrate-${schema}` });
  // A connection that breaks between two queries must not end the process; the next query fails instead.
  client.on('error', () => {});
  try {
    await client.connect();
    if (await isUpToDate(client, options)) return [];
    await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK_SPACE, schema]);
    await createSchemaRoles(client, schema);
    if (options.servingPassword !== undefined) await setRolePassword(client, rolesOf(schema).serving, options.servingPassword);
    return await runMigrations(options);
  } catch (error) {
    throw databaseError(error);
  } finally {
    // Ends the lock too.
    await client.end().catch(() => {});
  }
}

async function isUpToDate(client: pg.Client, options: MigrateOptions): Promise<boolean> {
  if (!(await hasSchemaRoles(client, options.schema))) return false;
  const table = `${options.schema}.${MIGRATION_TABLE}`;
  const { serving } = rolesOf(options.schema);
  const { rows: found } = await client.query<{ found: boolean }>("SELECT coalesce(has_table_privilege($2::name, to_regclass($1), 'SELECT'), false) AS found", [table, serving]);
  if (found[0]?.found !== true) return false;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table}`);
  const done = new Set(rows.map((row) => row.name));
  if (!options.migrations.every((migration) => done.has(migration.name))) return false;
  if (options.servingPassword !== undefined) await setRolePassword(client, serving, options.servingPassword);
  return true;
}

async function runMigrations(options: MigrateOptions): Promise<string[]> {
  const { DataSource } = await import('typeorm');
  const { owner, serving } = rolesOf(options.schema);
  const source = new DataSource({
    type: 'postgres',
    url: options.adminUrl,
    schema: options.schema,
    applicationName: `nexus-migrate-${options.schema}`,
    migrations: [...options.migrations],
    migrationsTableName: MIGRATION_TABLE,
    installExtensions: false,
    logger: silent,
    extra: { max: 1, options: `-c role=${owner} -c search_path=${options.schema}` },
  });
  await source.initialize();
  try {
    const names = await runDue(source, options);
    await source.query(`GRANT SELECT ON ${options.schema}.${MIGRATION_TABLE} TO ${serving}`); // a service that does not migrate waits until this is what it needs
    return names;
  } finally {
    await source.destroy();
  }
}

async function runDue(source: DataSource, options: MigrateOptions): Promise<string[]> {
  try {
    const done = await source.runMigrations({ transaction: 'each' });
    const names = done.map((migration) => migration.name);
    for (const name of names) options.log?.(`${options.schema}: ${name}`);
    return names;
  } catch (error) {
    const mapped = databaseError(error);
    if (mapped.isRetryable) throw mapped;
    throw new AppError('migration_failed', `A migration of the schema ${options.schema} failed; nothing of it was kept.`, { cause: error });
  }
}
