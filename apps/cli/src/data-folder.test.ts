import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataFolder } from './data-folder.js';

let parent: string;
let folder: DataFolder;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'nexus-cli-'));
  folder = new DataFolder(join(parent, 'deep', 'data'));
});
afterEach(() => rmSync(parent, { recursive: true }));

it('makes a secret once, for its owner only', () => {
  folder.prepare();
  const secret = folder.keepSecret('dev-api-key', 'nxs_');
  expect(secret).toMatch(/^nxs_[\w-]{43}$/);
  expect(folder.keepSecret('dev-api-key', 'nxs_')).toBe(secret);
  expect(new DataFolder(folder.path).readSecret('dev-api-key')).toBe(secret);
  expect(statSync(folder.fileOf('dev-api-key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(['dev-api-key']);
});

it('keeps a secret that was made elsewhere for its owner only, and replaces it', () => {
  folder.prepare();
  folder.replaceSecret('surface-key', 'first');
  folder.replaceSecret('surface-key', 'second');
  expect(folder.readSecret('surface-key')).toBe('second');
  expect(statSync(folder.fileOf('surface-key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(['surface-key']);
});

it('knows nothing where there is no folder', () => {
  expect(folder.readSecret('service-token')).toBeUndefined();
  expect(folder.running()).toBeUndefined();
});

it('tells what runs on it while that lives', () => {
  folder.prepare();
  folder.tellRunning({ pid: process.pid, url: 'http://127.0.0.1:8080', bus: 'redis', redisUrl: 'redis://127.0.0.1:6400' });
  expect(folder.running()).toEqual({ pid: process.pid, url: 'http://127.0.0.1:8080', bus: 'redis', redisUrl: 'redis://127.0.0.1:6400' });
  folder.tellStopped();
  expect(folder.running()).toBeUndefined();
});

it('does not believe what a process told that is gone, nor half a file', () => {
  folder.prepare();
  folder.tellRunning({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:8080', bus: 'memory' });
  expect(folder.running()).toBeUndefined();
  writeFileSync(join(folder.path, 'running.json'), '{"pid":');
  expect(folder.running()).toBeUndefined();
});

it('takes back only what it told itself', () => {
  folder.prepare();
  folder.tellRunning({ pid: process.ppid, url: 'http://127.0.0.1:8080', bus: 'memory' });
  folder.tellStopped();
  expect(folder.running()).toBeDefined();
});

it('says what to do when the folder cannot be made', () => {
  writeFileSync(join(parent, 'file'), '');
  expect(() => new DataFolder(join(parent, 'file', 'data')).prepare()).toThrow(/NEXUS_DATA_DIR/);
});
