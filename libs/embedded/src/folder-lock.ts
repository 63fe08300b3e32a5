import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, newId } from '@nexus/core';
import { processBeginning } from './process-identity.js';

/**
 * Takes `folder` for this process until the returned function is called or this process dies.
 * Throws `embedded_in_use` when a living process (this one included) holds it. Works between processes of one machine.
 */
export function lockFolder(folder: string): () => void {
  const lock = join(folder, 'lock');
  const mine = `${process.pid} ${processBeginning(process.pid) ?? ''}`;
  const draft = join(folder, `lock.${newId()}`);
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    // A link appears with its whole content at once: nobody ever reads half a lock.
    while (!tryLink(draft, lock)) {
      const theirs = read(lock);
      if (theirs !== undefined && isHeld(theirs)) {
        throw new AppError('embedded_in_use', `Process ${theirs.split(' ')[0]} is using ${folder}. Stop it first, or choose another folder with NEXUS_DATA_DIR.`);
      }
      if (theirs !== undefined) setAside(lock, theirs);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (read(lock) === mine) rmSync(lock, { force: true });
  };
}

function isHeld(lock: string): boolean {
  const [pid, ...beginning] = lock.split(' ');
  return processBeginning(Number(pid)) === beginning.join(' ');
}

/** Removes a dead owner's lock, but puts it back when it turns out to be the fresh one of somebody who was faster. */
function setAside(lock: string, stale: string): void {
  const aside = `${lock}.${newId()}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (read(aside) !== stale) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
