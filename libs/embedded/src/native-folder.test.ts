import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { canExecute, unprivilegedAccount } from './account.js';
import { installedFolder, nativeFolder, restoreLinks } from './native-folder.js';

it('makes the links that an install without scripts leaves out', () => {
  const base = mkdtempSync(join(tmpdir(), 'nexus-native-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const native = join(base, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib', 'libx.so.1.2'), 'the library');
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]));
  restoreLinks(native);
  restoreLinks(native);
  expect(readFileSync(join(native, 'lib', 'libx.so.1'), 'utf8')).toBe('the library');
});

it.runIf(process.getuid?.() === 0)('as root, copies binaries that the unprivileged user cannot reach, once', () => {
  const base = mkdtempSync(join(tmpdir(), 'nexus-closed-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const native = join(base, 'native');
  mkdirSync(join(native, 'bin'), { recursive: true });
  writeFileSync(join(native, 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(base, 'package.json'), JSON.stringify({ version: basename(base) }));
  const account = unprivilegedAccount();
  expect(canExecute(join(native, 'bin', 'postgres'), account)).toBe(false);

  const copy = nativeFolder(account, native);
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  expect(canExecute(join(copy, 'bin', 'postgres'), account)).toBe(true);
  expect(statSync(copy).uid).toBe(0);
  rmSync(join(native, 'bin', 'postgres'));
  expect(nativeFolder(account, native)).toBe(copy);
});

it('says what to do on a platform without binaries', () => {
  expect(() => installedFolder('plan9-mips')).toThrow(expect.objectContaining({ code: 'embedded_postgres_missing', message: expect.stringContaining('DATABASE_URL') }));
});
