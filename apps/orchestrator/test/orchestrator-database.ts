import { Database, deadLetterLifeMigration, deadLetterMigration, migrate, servingUrl } from '@nexus/postgres';
import { databaseUrls } from '@nexus/runtime';
import { migrations } from '../src/storage/migrations/index.js';

/** As services with this token have it: roles belong to the whole server, which tests of other services use at the same time. */
const { servingPassword } = databaseUrls('orchestrator', { databaseUrl: 'postgres://127.0.0.1', databaseAdminUrl: undefined, isMigrating: true, serviceToken: 'service-token-of-the-tests' });

/** Builds the schema in the database of this URL, and connects as the serving role. */
export async function connectOrchestrator(adminUrl: string): Promise<Database> {
  await migrate({ adminUrl, schema: 'orchestrator', ...(servingPassword !== undefined && { servingPassword }), migrations: [deadLetterMigration('orchestrator'), deadLetterLifeMigration('orchestrator'), ...migrations] });
  return Database.connect({ url: orchestratorUrl(adminUrl), applicationName: 'orchestrator-test', max: 4 });
}

/** The same database as its serving role. */
export const orchestratorUrl = (adminUrl: string): string => servingUrl(adminUrl, 'orchestrator', servingPassword);
