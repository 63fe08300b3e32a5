import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AppError } from '@nexus/core';

/** The operating system user that a private server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** True when this process is root. Postgres refuses to run as root, and nothing else private needs to. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account to hand private servers to when this process is root: `postgres`, else `nobody`.
 * It must have an entry in /etc/passwd, because initdb looks itself up there. Undefined when not root: servers then run as we do.
 */
export function unprivilegedAccount(): Account | undefined {
  if (!isRoot()) return undefined;
  const entries = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = entries.find((entry) => entry[0] === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new AppError(
    'embedded_no_account',
    'Postgres does not run as root, and /etc/passwd has no user `postgres` or `nobody` to run it as. Start NEXUS as a normal user, or set DATABASE_URL.',
  );
}

/** Whether `account` can enter `folder`, asked of the operating system (so access lists count). Always true without an account. */
export function canEnter(folder: string, account: Account | undefined): boolean {
  return asAccount('cd -- "$1"', folder, account);
}

/** Whether `account` can run the program at `path`. Always true without an account. */
export function canExecute(path: string, account: Account | undefined): boolean {
  return asAccount('test -x "$1"', path, account);
}

function asAccount(check: string, path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  return spawnSync('/bin/sh', ['-c', check, 'sh', path], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}
