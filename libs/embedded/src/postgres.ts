import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@nexus/core';
import { Client, DatabaseError } from 'pg';
import { nativeFolder } from './native-folder.js';
import { clusterPassword, initialiseCluster, OWNER } from './postgres-cluster.js';
import { postgresArguments, type PostgresSettings } from './postgres-settings.js';
import { startPrivateServer, type PrivateServer, type PrivateServerOptions } from './private-server.js';
import { openServerFolder } from './server-folder.js';

/** How to start a private Postgres. */
export interface PostgresOptions extends PrivateServerOptions {
  /** True: every commit is on disk before it is answered. False: quick, for tests. */
  readonly persistent: boolean;
  /** Further settings of postgresql.conf, e.g. `{ max_connections: 200 }`. */
  readonly settings?: PostgresSettings;
}

/** A private Postgres that accepts connections. */
export interface PostgresServer extends PrivateServer {
  /** The connection URL of the owner (a superuser: bypasses row-level security) for `database`, `postgres` by default. */
  url(database?: string): string;
}

/**
 * Starts a private Postgres on 127.0.0.1 and resolves once it answers a query. Throws an AppError: `embedded_in_use` (another NEXUS
 * has the folder), `port_taken`, `embedded_postgres_missing`, `embedded_postgres_init_failed`, `embedded_postgres_failed`,
 * `embedded_folder_owner`, `embedded_folder_unreachable`. A server left behind by a dead owner is ended first; files after a crash
 * are recovered. The server dies with this process, kill -9 included.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dataDir, persistent, settings = {} } = options;
  if (persistent && dataDir === undefined) throw new AppError('embedded_no_folder', 'A persistent Postgres needs a dataDir.');
  let password = '';
  let native = '';
  const urlOf = (port: number, database = 'postgres'): string => `postgres://${OWNER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const server = await startPrivateServer(
    {
      name: 'Postgres',
      failureCode: 'embedded_postgres_failed',
      filesName: 'cluster',
      pidFile: 'postmaster.pid',
      openFiles: (folder, account) => {
        password = clusterPassword(folder, existsSync(join(folder, 'cluster')));
        native = nativeFolder(account);
        return openServerFolder(folder, 'cluster', account, (path) => initialiseCluster(path, { native, account, password, isDurable: persistent }));
      },
      command: (files, port) => ({ program: join(native, 'bin', 'postgres'), args: postgresArguments(files, port, persistent, settings) }),
      answers: (_server, port) => answersQueries(urlOf(port)),
      // The backends of a killed server need a moment to notice, and hold the shared memory until then.
      isPassing: (lastLines) => lastLines.includes('pre-existing shared memory block'),
      // SIGINT drops the clients and ends in order; SIGQUIT just ends, and the next start recovers.
      stopSteps: dataDir === undefined ? [{ signal: 'SIGQUIT', graceMs: 3_000 }] : [{ signal: 'SIGINT', graceMs: 3_000 }, { signal: 'SIGQUIT', graceMs: 2_000 }],
      orphanPlan: { signal: dataDir === undefined ? 'QUIT' : 'INT' },
    },
    options,
  );
  return { ...server, url: (database) => urlOf(server.port, database) };
}

async function answersQueries(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '28P01') {
      throw new AppError('embedded_postgres_failed', 'Postgres does not accept the password in the file beside its database.', { cause: error });
    }
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
