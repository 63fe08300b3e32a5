import { findingsOf, type Finding } from './finding.js';

/** What Postgres tells of itself. */
export interface PostgresFacts {
  /** server_version_num, e.g. 170002. */
  readonly version: number;
  /** Of pg_settings: `fsync`, `full_page_writes`, `synchronous_commit`, `autovacuum`, `max_connections`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Seconds of the oldest transaction that is open and does nothing. */
  readonly idleInTransactionSeconds: number;
  /** Schemas of services that are there. */
  readonly schemas: readonly string[];
  /** What the catalogue says against the way tenants are kept apart. */
  readonly violations: readonly string[];
  /** Serving roles that row-level security does not hold for. */
  readonly unboundRoles: readonly string[];
}

const { ok, warning, failure } = findingsOf('postgres');
const tenants = findingsOf('tenant isolation');
const OLDEST = 140_000;
const SCHEMAS = ['orchestrator', 'router', 'tools', 'settings', 'usage'];
const LONG_IDLE_SECONDS = 300;
const MANY_CONNECTIONS = 0.8;

/** Whether this Postgres can be the truth: its version, whether a commit is on disk, its room for connections; and whether its tables keep tenants apart. */
export function judgePostgres(facts: PostgresFacts): Finding[] {
  return [judgeVersion(facts), ...judgeDurability(facts), judgeConnections(facts), ...judgeIdle(facts), ...judgeTenants(facts)];
}

function judgeVersion({ version }: PostgresFacts): Finding {
  const says = `Postgres ${Math.floor(version / 10_000)}.${version % 10_000}`;
  return version < OLDEST ? failure(`${says} is too old`, 'Use Postgres 14 or newer.') : ok(says);
}

function judgeDurability({ settings }: PostgresFacts): Finding[] {
  const findings = [
    ...(['fsync', 'full_page_writes'] as const).flatMap((name) => (settings[name] === 'off' ? [failure(`${name} is off: a crash may destroy the database`, `Set ${name} = on.`)] : [])),
    ...(settings['synchronous_commit'] === 'off' ? [failure('synchronous_commit is off: a crash may lose runs that were accepted, and costs', 'Set synchronous_commit = on.')] : []),
    ...(settings['autovacuum'] === 'off' ? [warning('autovacuum is off: tables grow without end', 'Set autovacuum = on.')] : []),
  ];
  return findings.length > 0 ? findings : [ok('commits are on disk before they are answered')];
}

function judgeConnections({ connections, settings }: PostgresFacts): Finding {
  const most = Number(settings['max_connections'] ?? 0);
  const says = `${connections} of ${most} connections`;
  return most > 0 && connections > most * MANY_CONNECTIONS ? warning(says, 'Raise max_connections, run fewer replicas, or put a pooler (in session mode) before it.') : ok(says);
}

function judgeIdle({ idleInTransactionSeconds: seconds }: PostgresFacts): Finding[] {
  if (seconds < LONG_IDLE_SECONDS) return [];
  return [warning(`a transaction is open and has done nothing for ${Math.round(seconds / 60)} minutes`, 'Find it in pg_stat_activity (state = idle in transaction) and end it: what was deleted cannot be cleaned up meanwhile.')];
}

function judgeTenants({ schemas, violations, unboundRoles }: PostgresFacts): Finding[] {
  const missing = SCHEMAS.filter((schema) => !schemas.includes(schema));
  if (schemas.length === 0) return [tenants.unknown('there is no table of NEXUS in this database', 'Start the services once, or run the migrations (docs/deploy.md), or correct DATABASE_URL.')];
  const findings = [
    ...missing.map((schema) => tenants.warning(`the schema ${schema} is not there`, 'Start its service once, or run its migrations.')),
    ...violations.map((violation) => tenants.failure(violation, 'A tenant may see what is not its own: stop the services, and restore the table as its migration makes it.')),
    ...unboundRoles.map((role) => tenants.failure(`row-level security does not hold for the role ${role}`, `Run: ALTER ROLE ${role} NOSUPERUSER NOBYPASSRLS`)),
  ];
  return findings.length > 0 ? findings : [tenants.ok(`row-level security is forced on every table of ${schemas.length} schemas`)];
}
