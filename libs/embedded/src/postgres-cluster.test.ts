import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clusterPassword, initialiseCluster } from './postgres-cluster.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-cluster-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('shows the last lines of an initdb that fails, and leaves no password behind', async () => {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'initdb'), '#!/bin/sh\necho creating; echo "initdb: error: no space left" >&2; exit 1\n', { mode: 0o755 });
  const made = initialiseCluster(join(folder, 'cluster'), { native: folder, account: undefined, password: 'secret', isDurable: false });
  await expect(made).rejects.toMatchObject({ code: 'embedded_postgres_init_failed', message: expect.stringContaining('no space left') });
  expect(existsSync(join(folder, 'password.new'))).toBe(false);
});

it('says so when there is no initdb at all', async () => {
  const made = initialiseCluster(join(folder, 'cluster'), { native: folder, account: undefined, password: 'secret', isDurable: false });
  await expect(made).rejects.toMatchObject({ code: 'embedded_postgres_init_failed', message: expect.stringContaining('ENOENT') });
});

it('makes a password once, and misses it when the database is there without it', () => {
  const password = clusterPassword(folder, false);
  expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(clusterPassword(folder, true)).toBe(password);
  rmSync(join(folder, 'password'));
  expect(() => clusterPassword(folder, true)).toThrow(expect.objectContaining({ code: 'embedded_password_missing' }));
});
