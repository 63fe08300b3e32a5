import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCliConfig, readEnvironment } from './config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('reads .env, and lets the environment itself win, unless it is empty there', () => {
  writeFileSync(join(folder, '.env'), 'NEXUS_PORT=9000\nOPENAI_API_KEY="from the file"\nNEXUS_HOST=0.0.0.0\n# NEXUS_DATA_DIR=no\n');
  chmodSync(join(folder, '.env'), 0o600);
  expect(readEnvironment(folder, { NEXUS_PORT: '9001', NEXUS_HOST: '', HOME: '/home/me' })).toEqual({ NEXUS_PORT: '9001', OPENAI_API_KEY: 'from the file', NEXUS_HOST: '0.0.0.0', HOME: '/home/me' });
});

it('needs no .env', () => {
  expect(readEnvironment(folder, { A: 'b' })).toEqual({ A: 'b' });
});

it('takes folders relative to where it runs', () => {
  expect(readCliConfig({}, folder)).toMatchObject({ dataDir: join(folder, '.nexus'), configDir: join(folder, 'config'), envFile: join(folder, '.env'), host: '127.0.0.1', port: 8080, redisUrl: undefined });
  expect(readCliConfig({ NEXUS_DATA_DIR: '/var/lib/nexus', NEXUS_PORT: '81' }, folder)).toMatchObject({ dataDir: '/var/lib/nexus', port: 81 });
});

it('names every variable that is wrong, and shows no value', () => {
  const read = () => readCliConfig({ NEXUS_PORT: 'secret', NEXUS_GATEWAY_URL: 'ftp://secret' }, folder);
  expect(read).toThrow(/NEXUS_PORT must be a port number\n +NEXUS_GATEWAY_URL must be a URL/);
  expect(read).not.toThrow(/secret/);
});
