import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkedSecret, setVariable } from './env-file.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-cli-'));
  file = join(folder, '.env');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('makes the file for its owner only', () => {
  setVariable(file, 'ACME_KEY', 'abc');
  expect(readFileSync(file, 'utf8')).toBe('ACME_KEY=abc\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['.env']);
});

it('replaces a line of the same variable and leaves the rest as it was', () => {
  writeFileSync(file, '# mine\nexport ACME_KEY = old\nACME_KEY_2=stays\n\nOTHER=1', { mode: 0o644 });
  setVariable(file, 'ACME_KEY', 'new');
  setVariable(file, 'THIRD', '3');
  expect(readFileSync(file, 'utf8')).toBe('# mine\nACME_KEY=new\nACME_KEY_2=stays\n\nOTHER=1\nTHIRD=3\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it.each(['plain-1.2/3+4=', 'with#hash', 'with$dollar', `with"quote`, `with"and'quote`])('is read back as it was given: %s', (value) => {
  setVariable(file, 'ACME_KEY', value);
  expect(parseEnv(readFileSync(file, 'utf8'))).toEqual({ ACME_KEY: value });
});

it('takes no key of more than one line, and shows none', () => {
  expect(checkedSecret('  sk-123\n')).toBe('sk-123');
  expect(() => checkedSecret('sk-123\nsk-456')).toThrow(/one line/);
  expect(() => checkedSecret('sk-123\nsk-456')).not.toThrow(/sk-/);
  expect(() => checkedSecret(' ')).toThrow(/one line/);
});
