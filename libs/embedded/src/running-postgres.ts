import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWNER } from './postgres-cluster.js';

/** The line of postmaster.pid that says the port. */
const PORT_LINE = 3;

/** The owner's connection URL of the private Postgres that runs on this folder, started by whichever process; undefined when none does. */
export function runningPostgres(folder: string): string | undefined {
  try {
    const [pid, ...lines] = readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
    const port = Number(lines[PORT_LINE - 1]);
    process.kill(Number(pid), 0);
    return `postgres://${OWNER}:${readFileSync(join(folder, 'password'), 'utf8').trim()}@127.0.0.1:${port}/postgres`;
  } catch {
    return undefined; // no such folder, or nothing runs on it
  }
}
