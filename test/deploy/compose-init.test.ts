import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root } from '../e2e/nexus-apart.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-compose-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [join(root, 'scripts/compose-init.mjs'), '--folder', folder], (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))));
  });
const read = (name = '.env'): string => readFileSync(join(folder, name), 'utf8');
const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777;

it('makes every secret once, and tells their names alone', async () => {
  const said = await init();
  const made = read();
  const values = [...made.matchAll(/^(\w+)=(.+)$/gm)].map(([, name, value]) => ({ name: name ?? '', value: value ?? '' }));
  expect(values.map(({ name }) => name)).toEqual(['NEXUS_SERVICE_TOKEN', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'GRAFANA_PASSWORD', 'NEXUS_DEV_API_KEY']);
  expect(new Set(values.map(({ value }) => value)).size).toBe(values.length);
  for (const { name, value } of values) {
    expect(said).toContain(name);
    expect(said).not.toContain(value);
    expect(value.length).toBeGreaterThanOrEqual(24);
  }
  expect(await init()).toContain('nothing was missing');
  expect(read()).toBe(made);
});

it('keeps what is there and adds what is missing', async () => {
  writeFileSync(join(folder, '.env'), 'NEXUS_PORT=9000\nREDIS_PASSWORD="mine"\nNEXUS_SERVICE_TOKEN=\nPOSTGRES_PASSWORD=also-mine');
  await init();
  expect(read()).toMatch(/^NEXUS_PORT=9000\nREDIS_PASSWORD="mine"\nNEXUS_SERVICE_TOKEN=\nPOSTGRES_PASSWORD=also-mine\nNEXUS_SERVICE_TOKEN=[0-9a-f]{64}\n/);
  expect(read('.secrets/alertmanager.yml')).toMatch(/severity="critical"/);
  writeFileSync(join(folder, '.secrets/alertmanager.yml'), '# mine\n');
  await init();
  expect(read('.secrets/alertmanager.yml')).toBe('# mine\n');
  expect(read('.secrets/service-token')).toBe(/^NEXUS_SERVICE_TOKEN=(.{64})$/m.exec(read())?.[1]);
});

it('lets nobody else of this machine read them', async () => {
  await init();
  expect(modeOf('.env')).toBe(0o600);
  expect(modeOf('.secrets')).toBe(0o700);
  expect(modeOf('providers.env')).toBe(0o600);
});
