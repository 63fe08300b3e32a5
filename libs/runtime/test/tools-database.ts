import type { Database } from '@nexus/postgres';
import { createLogger, openDatabase } from '../src/index.js';
import { SERVICE_TOKEN, testDefinition } from './test-service.js';

/** The schema `tools` with what every service has in its own, and nothing else. */
export async function openToolsDatabase(databaseUrl: string): Promise<Database> {
  const definition = { ...testDefinition, storage: { schema: 'tools', migrations: [] } };
  const database = await openDatabase(definition, { databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, createLogger({ level: 'silent' }));
  if (database === undefined) throw new Error('it has storage');
  return database;
}
