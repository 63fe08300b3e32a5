import { Database, deadLetterLifeMigration, deadLetterMigration, idempotencyMigration, migrate, type MigrationClass } from '@nexus/postgres';
import type { RuntimeConfig } from './config.js';
import { databaseUrls, type DatabaseUrls } from './database-urls.js';
import type { Logger } from './logger.js';
import type { ServiceDefinition } from './service-definition.js';
import { waitForMigrations } from './wait-for-migrations.js';

/** A service's migrations with those that every service has: the tables of dead letters and of idempotency keys. */
export function migrationsOf(storage: NonNullable<ServiceDefinition['storage']>): MigrationClass[] {
  const own = storage.migrations.filter((migration) => !migration.name.startsWith('DeadLetter'));
  return [deadLetterMigration(storage.schema), deadLetterLifeMigration(storage.schema), idempotencyMigration(storage.schema), ...own];
}

type DatabaseConfig = Pick<RuntimeConfig, 'databaseUrl' | 'databaseAdminUrl' | 'isMigrating' | 'serviceToken'>;

/** What builds a service's schema, applied as far as it is due. `urls.admin` must be there. */
export async function applyMigrations(storage: NonNullable<ServiceDefinition['storage']>, urls: DatabaseUrls, logger: Logger): Promise<void> {
  const applied = await migrate({
    adminUrl: urls.admin ?? '',
    schema: storage.schema,
    migrations: migrationsOf(storage),
    ...(urls.servingPassword === undefined ? {} : { servingPassword: urls.servingPassword }),
  });
  if (applied.length > 0) logger.info({ schema: storage.schema, migrations: applied }, 'migrations applied');
}

/**
 * Opens the service's database as its serving role, once the schema is what this version needs: it applies the migrations that are due where
 * that is this process's concern, and else waits for whoever does.
 */
export async function openDatabase(definition: ServiceDefinition, config: DatabaseConfig, logger: Logger): Promise<Database | undefined> {
  const { storage } = definition;
  if (storage === undefined) return undefined;
  const urls = databaseUrls(storage.schema, config);
  if (urls.admin !== undefined) await applyMigrations(storage, urls, logger);
  else await waitForMigrations({ url: urls.serving, schema: storage.schema, migrations: migrationsOf(storage) }, logger);
  return Database.connect({
    url: urls.serving,
    applicationName: `nexus-${definition.name}`,
    onIdleError: (error) => logger.warn({ error }, 'lost an idle database connection'),
  });
}
