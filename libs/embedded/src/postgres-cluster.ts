import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '@nexus/core';
import type { Account } from './account.js';
import { serverEnvironment } from './config.js';

/** The owner of every database of a private server. */
export const OWNER = 'postgres';

/** What initdb needs to know. */
export interface ClusterOptions {
  readonly native: string;
  readonly account: Account | undefined;
  readonly password: string;
  /** False leaves the writes to the operating system: for a server that keeps nothing. */
  readonly isDurable: boolean;
}

/** Makes a cluster in the empty folder `path`: UTF-8, the same sorting on every machine, passwords asked on every connection. */
export async function initialiseCluster(path: string, { native, account, password, isDurable }: ClusterOptions): Promise<void> {
  const passwordFile = join(dirname(path), 'password.new');
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
  try {
    if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
    const args = ['--pgdata', path, '--username', OWNER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8'];
    const locale = ['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'];
    await run(join(native, 'bin', 'initdb'), [...args, ...locale, ...(isDurable ? [] : ['--no-sync', '--no-data-checksums'])], account);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** The owner's password, kept in `<folder>/password`; made when there is no cluster yet. */
export function clusterPassword(folder: string, hasCluster: boolean): string {
  const file = join(folder, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (hasCluster) {
    throw new AppError('embedded_password_missing', `${file} is missing, and the database beside it opens with no other password. Bring the file back, or remove ${folder} to begin with an empty database.`);
  }
  const password = randomBytes(24).toString('hex');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

async function run(program: string, args: readonly string[], account: Account | undefined): Promise<void> {
  const child = spawn(program, args, { ...account, cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<unknown>((resolve) => child.once('error', resolve).once('close', resolve));
  if (code === 0) return;
  const said = code instanceof Error ? code.message : output.trim().split('\n').slice(-12).join('\n');
  throw new AppError('embedded_postgres_init_failed', `Postgres could not make its database files:\n${said}`, { cause: code });
}
