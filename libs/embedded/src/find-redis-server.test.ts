import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { findRedisServer } from './find-redis-server.js';

const base = mkdtempSync(join(tmpdir(), 'nexus-path-'));
afterEach(() => rmSync(base, { recursive: true, force: true }));

function folderWith(name: string, says: string, mode = 0o755): string {
  const folder = join(base, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'redis-server'), `#!/bin/sh\necho '${says}'\n`, { mode });
  return folder;
}

it('takes the first redis-server on the path that is at least 7.0', () => {
  const old = folderWith('old', 'Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64');
  const broken = folderWith('broken', 'Segmentation fault');
  const plain = folderWith('plain', 'Redis server v=7.4.0 sha=00000000:0', 0o644);
  const recent = folderWith('recent', 'Redis server v=10.0.1 sha=00000000:0');
  expect(findRedisServer([join(base, 'none'), old, broken, plain, recent])).toBe(join(recent, 'redis-server'));
  expect(findRedisServer([old, broken, plain])).toBeUndefined();
});

it('finds the one of this machine', () => {
  expect(findRedisServer()).toMatch(/redis-server$/);
});
