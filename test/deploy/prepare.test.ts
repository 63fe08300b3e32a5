import { createDatabase, createKeyspace, freePort, spawnService, type Service, type TestDatabase, type TestKeyspace } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serviceToken } from '../e2e/nexus-apart.js';
import { mainOf, runMain } from './run-main.js';

const services = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway'] as const;

let database: TestDatabase;
let keyspace: TestKeyspace;
const running: Service[] = [];

beforeEach(async () => {
  [database, keyspace] = await Promise.all([createDatabase(), createKeyspace()]);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  await Promise.all([database.drop(), keyspace.drop()]);
});

/** As in a cluster: the URL of services names no role and no password. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const url = new URL(database.url);
  url.username = '';
  url.password = '';
  return { NEXUS_SERVICE_TOKEN: serviceToken, REDIS_URL: keyspace.url, DATABASE_URL: url.href, NEXUS_MIGRATE: 'false', ...more };
}

const prepare = (name: string, more: Readonly<Record<string, string>> = {}) => runMain(name, ['--prepare'], environment(more));

it('--prepare makes every schema and every group, ends, and may be done again', { timeout: 120_000 }, async () => {
  const prepared = await Promise.all(services.map((name) => prepare(name, { DATABASE_ADMIN_URL: database.url })));
  for (const outcome of [...prepared, await prepare('usage', { DATABASE_ADMIN_URL: database.url })]) expect(outcome).toMatchObject({ code: 0 });
  const redis = new Redis(keyspace.url);
  const groups = async (channel: string): Promise<unknown> => ((await redis.xinfo('GROUPS', channel)) as unknown[][]).map((group) => group[1]);
  expect(await groups('requests.incoming')).toEqual(['orchestrator']);
  expect(await groups('tools.execute')).toEqual(['tool-executor']);
  expect(await groups('inference.request')).toEqual(['provider-router']);
  expect(await groups('usage.recorded')).toEqual(['usage']);
  redis.disconnect();
});

it('a service that does not migrate waits for who does, and serves with no password in its environment', { timeout: 60_000 }, async () => {
  const port = await freePort();
  const service = await spawnService({ args: [mainOf('usage')], env: environment({ NEXUS_USAGE_PORT: String(port) }), ready: { line: /waiting for migrations/ } });
  running.push(service);
  expect(await prepare('usage', { DATABASE_ADMIN_URL: database.url })).toMatchObject({ code: 0 });
  await expect.poll(() => fetch(`http://127.0.0.1:${port}/health/ready`).then((response) => response.status, () => 0), { timeout: 30_000, interval: 100 }).toBe(200);
});

it('--prepare without a URL that may migrate says which variable is missing', async () => {
  expect(await prepare('usage')).toMatchObject({ code: 1, output: expect.stringContaining('DATABASE_ADMIN_URL must be set') as string });
});

it('an option that is not known starts nothing', async () => {
  expect(await runMain('usage', ['--prepared'], environment())).toMatchObject({ code: 1, output: expect.stringContaining('usage knows one option: --prepare') as string });
});
