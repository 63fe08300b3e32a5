/** Settings of postgresql.conf by name. */
export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

const ALWAYS: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

// Survives a crash of Postgres, not of the machine: what it keeps is thrown away with its owner.
const QUICK: PostgresSettings = {
  fsync: false,
  full_page_writes: false,
  synchronous_commit: false,
  shared_buffers: '32MB',
  io_method: 'sync',
};

/** The command line of `postgres` for a durable or a quick server; what the caller sets wins. */
export function postgresArguments(folder: string, port: number, isDurable: boolean, settings: PostgresSettings): string[] {
  const all = { ...(isDurable ? {} : QUICK), ...settings, ...ALWAYS, port };
  return ['-D', folder, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
