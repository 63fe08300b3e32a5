import { accessSync, chmodSync, chownSync, constants, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AppError, newId } from '@nexus/core';
import { canEnter, isRoot, unprivilegedAccount, type Account } from './account.js';

/** Where root keeps what an unprivileged server must reach when the project's folder is closed to it (below /root, say). */
export const ROOTS_FOLDER = '/var/lib/nexus';

/** A new folder for a server that keeps nothing; the caller removes it. */
export function temporaryFolder(account: Account | undefined): string {
  const base = [tmpdir(), '/var/tmp', '/tmp'].find((folder) => existsSync(folder) && canEnter(folder, account));
  if (base === undefined) throw unreachable(tmpdir());
  const folder = mkdtempSync(join(base, 'nexus-'));
  // Others may pass through to the server's own folder below, which is closed to all but the server.
  if (account !== undefined) chmodSync(folder, 0o711);
  return folder;
}

/** Makes sure that `folder` is there, closed to other users; as root, open for passing through. */
export function durableFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new AppError('embedded_folder_owner', `This user cannot write to ${folder}. Start NEXUS as the folder's owner, or choose another folder with NEXUS_DATA_DIR.`, { cause });
  }
}

/** The account that runs the server of `<folder>/<name>`: the owner of what is there already, else the unprivileged one. */
export function accountFor(folder: string, name: string): Account | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return unprivilegedAccount();
  const owner = statSync(path);
  const me = process.getuid?.();
  if (me === undefined || owner.uid === me) return unprivilegedAccount();
  if (me === 0) return { uid: owner.uid, gid: owner.gid };
  throw new AppError('embedded_folder_owner', `${path} belongs to the user with id ${owner.uid}. Start NEXUS as that user (or as root), or choose another folder with NEXUS_DATA_DIR.`);
}

/**
 * The real path of `<folder>/<name>`, readable for `account` only. When it is not there yet it is made and filled by `fill`, and
 * appears only once `fill` has finished, so that a kill in between leaves nothing half made. Out of the account's reach it is a
 * link to a folder below /var/lib/nexus. Needs the folder's lock.
 */
export async function openServerFolder(folder: string, name: string, account: Account | undefined, fill: (path: string) => Promise<void>): Promise<string> {
  const path = join(folder, name);
  if (existsSync(path)) return realpathSync(path);
  const isReachable = canEnter(folder, account);
  const parent = isReachable ? realpathSync(folder) : rootsFolder(`${basename(folder)}-${newId()}`, folder);
  for (const entry of readdirSync(parent)) {
    if (entry.startsWith(`${name}.new-`)) rmSync(join(parent, entry), { recursive: true, force: true });
  }
  // A name of its own: what a killed start left running may still write to the draft it began.
  const draft = join(parent, `${name}.new-${newId()}`);
  mkdirSync(draft, { mode: 0o700 });
  if (account !== undefined) chownSync(draft, account.uid, account.gid);
  if (!canEnter(draft, account)) throw unreachable(folder);
  await fill(draft);
  const real = join(parent, name);
  renameSync(draft, real);
  if (!isReachable) {
    writeFileSync(join(parent, 'origin'), `${path}\n`);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path);
    symlinkSync(real, path);
  }
  return real;
}

/** Makes `/var/lib/nexus/<name>`, owned by root and open for passing through. */
export function rootsFolder(name: string, insteadOf: string): string {
  const path = join(ROOTS_FOLDER, name);
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw unreachable(insteadOf, error);
  }
  return path;
}

function unreachable(folder: string, cause?: unknown): AppError {
  return new AppError(
    'embedded_folder_unreachable',
    `As root, NEXUS runs its private servers as an unprivileged user, who can reach neither ${folder} nor a folder below ${ROOTS_FOLDER}. Set NEXUS_DATA_DIR to a folder that other users may enter, or start NEXUS as a normal user.`,
    { cause },
  );
}
