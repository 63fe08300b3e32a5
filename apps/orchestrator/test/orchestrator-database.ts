import { Database, deadLetterLifeMigration, deadLetterMigration, migrate, servingUrl } from '@nexus/postgres';
import { migrations } from '../src/storage/migrations/index.js';

const PASSWORD = 'only-for-tests';

/** Builds the schema in the database of this URL, and connects as the serving role. */
export async function connectOrchestrator(adminUrl: string): Promise<Database> {
  await migrate({ adminUrl, schema: 'orchestrator', servingPassword: PASSWORD, migrations: [deadLetterMigration('orchestrator'), deadLetterLifeMigration('orchestrator'), ...migrations] });
  return Database.connect({ url: orchestratorUrl(adminUrl), applicationName: 'orchestrator-test', max: 4 });
}

/** The same database as its serving role. */
export const orchestratorUrl = (adminUrl: string): string => servingUrl(adminUrl, 'orchestrator', PASSWORD);
