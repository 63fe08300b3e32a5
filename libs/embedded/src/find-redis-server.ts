import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { searchPath, serverEnvironment } from './config.js';

/** The oldest Redis that NEXUS works with. */
const OLDEST_REDIS = 7;

/** The path of the first `redis-server` on PATH that runs and is at least 7.0; undefined when there is none. */
export function findRedisServer(folders: readonly string[] = searchPath()): string | undefined {
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => (majorVersion(path) ?? 0) >= OLDEST_REDIS);
}

function majorVersion(path: string): number | undefined {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return undefined;
  }
  const said = spawnSync(path, ['--version'], { encoding: 'utf8', env: serverEnvironment(), timeout: 5_000 }).stdout ?? '';
  const major = /\bv=(\d+)\./.exec(said)?.[1];
  return major === undefined ? undefined : Number(major);
}
