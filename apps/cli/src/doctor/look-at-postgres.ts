import { join } from 'node:path';
import { runningPostgres } from '@nexus/embedded';
import { checkCatalogue, rolesOf } from '@nexus/postgres';
import { Client } from 'pg';
import { findingsOf, type Finding } from '../domain/doctor/finding.js';
import { judgeClock } from '../domain/doctor/judge-machine.js';
import { judgePostgres } from '../domain/doctor/judge-postgres.js';
import type { ExaminedPlace } from './examination.js';

const SCHEMAS = ['orchestrator', 'router', 'tools', 'settings', 'usage'];
const { failure, unknown } = findingsOf('postgres');

/** Postgres itself, and how its tables keep tenants apart. */
export async function lookAtPostgres({ context: { config } }: ExaminedPlace): Promise<readonly Finding[]> {
  const url = config.databaseUrl ?? runningPostgres(join(config.dataDir, 'postgres'));
  if (url === undefined) return [unknown('it is not known where Postgres is', 'Set DATABASE_URL, or run this where NEXUS runs.')];
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, application_name: 'nexus-doctor' });
  client.on('error', () => undefined); // every query reports its own failure
  try {
    await client.connect();
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return [failure(code === '28P01' || code === '28000' ? 'Postgres does not accept the user or the password of DATABASE_URL' : 'Postgres does not answer', 'Start it, or correct DATABASE_URL.')];
  }
  try {
    return await lookWith(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function lookWith(client: Client): Promise<readonly Finding[]> {
  const before = Date.now();
  const { rows: [now] } = await client.query<{ ms: string }>("SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms");
  const clock = judgeClock({ of: 'Postgres', aheadMs: Number(now?.ms) - (before + Date.now()) / 2, uncertainMs: Date.now() - before });
  const { rows: settings } = await client.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', 'fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'max_connections')");
  const { rows: [activity] } = await client.query<{ connections: number; idle: string }>(`
    SELECT count(*) FILTER (WHERE backend_type = 'client backend')::int AS connections,
           coalesce(max(extract(epoch FROM now() - state_change)) FILTER (WHERE state LIKE 'idle in transaction%'), 0) AS idle FROM pg_stat_activity`);
  const { rows: schemas } = await client.query<{ name: string }>("SELECT nspname AS name FROM pg_namespace WHERE nspname = ANY ($1) ORDER BY 1", [SCHEMAS]);
  const present = schemas.map(({ name }) => name);
  const { rows: unbound } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1) AND (rolsuper OR rolbypassrls)', [present.map((schema) => rolesOf(schema).serving)]);
  const values = Object.fromEntries(settings.map(({ name, setting }) => [name, setting]));
  return [...judgePostgres({
    version: Number(values['server_version_num']), settings: values,
    connections: activity?.connections ?? 0, idleInTransactionSeconds: Number(activity?.idle ?? 0),
    schemas: present, violations: await checkCatalogue(client, present), unboundRoles: unbound.map(({ name }) => name),
  }), clock];
}
