import { Database, deadLetterLifeMigration, deadLetterMigration, migrate, servingUrl, tenantTable, type MigrationClass } from '../src/index.js';
import type { QueryRunner } from 'typeorm';

export const PASSWORD = 'only-for-tests';
export const SCHEMA = 'sample';

/** A table that does everything right. */
export class Sample1763600000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sample.note (tenant_id uuid NOT NULL, id uuid NOT NULL, words text NOT NULL, size bigint NOT NULL DEFAULT 0, PRIMARY KEY (tenant_id, id));
      ${tenantTable('sample', 'note', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sample.note');
  }
}

export const migrations: readonly MigrationClass[] = [deadLetterMigration(SCHEMA), deadLetterLifeMigration(SCHEMA), Sample1763600000001];

/** Migrates, then connects as the serving role. */
export async function connectSample(adminUrl: string): Promise<Database> {
  await migrate({ adminUrl, schema: SCHEMA, servingPassword: PASSWORD, migrations });
  return Database.connect({ url: servingUrl(adminUrl, SCHEMA, PASSWORD), applicationName: 'sample', max: 4 });
}
