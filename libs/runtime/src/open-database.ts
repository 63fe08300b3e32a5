import { Database, deadLetterLifeMigration, deadLetterMigration, idempotencyMigration, migrate, type MigrationClass } from '@nexus/postgres';
import type { RuntimeConfig } from './config.js';
import { databaseUrls } from './database-urls.js';
import type { Logger } from './logger.js';
import type { ServiceDefinition } from './service-definition.js';

/** A service's migrations with those that every service has: the tables of dead letters and of idempotency keys. */
export function migrationsOf(storage: NonNullable<ServiceDefinition['storage']>): MigrationClass[] {
  const own = storage.migrations.filter((migration) => !migration.name.startsWith('DeadLetter'));
  return [deadLetterMigration(storage.schema), deadLetterLifeMigration(storage.schema), idempotencyMigration(storage.schema), ...own];
}

type DatabaseConfig = Pick<RuntimeConfig, 'databaseUrl' | 'databaseAdminUrl' | 'isMigrating' | 'serviceToken'>;

/** Applies the migrations that are due, where that is this process's concern, and opens the service's database as its serving role. */
export async function openDatabase(definition: ServiceDefinition, config: DatabaseConfig, logger: Logger): Promise<Database | undefined> {
  const { storage } = definition;
  if (storage === undefined) return undefined;
  const urls = databaseUrls(storage.schema, config);
  if (urls.admin !== undefined) {
    const applied = await migrate({
      adminUrl: urls.admin,
      schema: storage.schema,
      migrations: migrationsOf(storage),
      ...(urls.servingPassword === undefined ? {} : { servingPassword: urls.servingPassword }),
    });
    if (applied.length > 0) logger.info({ schema: storage.schema, migrations: applied }, 'migrations applied');
  }
  return Database.connect({
    url: urls.serving,
    applicationName: `nexus-${definition.name}`,
    onIdleError: (error) => logger.warn({ error }, 'lost an idle database connection'),
  });
}
