import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFolder } from './folder-lock.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('refuses a second owner until the first lets go', () => {
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'embedded_in_use', message: expect.stringContaining(String(process.pid)) }));
  unlock();
  lockFolder(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

it('takes over from an owner who is dead, also when a stranger now has its pid', () => {
  writeFileSync(join(folder, 'lock'), `${process.pid} some other beginning`);
  lockFolder(folder)();
  writeFileSync(join(folder, 'lock'), '999999999 12345');
  lockFolder(folder)();
  writeFileSync(join(folder, 'lock'), '');
  lockFolder(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

it('does not remove the lock of another owner when it lets go late', () => {
  const unlock = lockFolder(folder);
  writeFileSync(join(folder, 'lock'), '1 another');
  unlock();
  expect(readdirSync(folder)).toEqual(['lock']);
});
