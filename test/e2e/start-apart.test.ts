import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createDatabase, createKeyspace, spawnService, type Service } from '@nexus/testing';
import { expect, it, onTestFinished } from 'vitest';
import { root, serviceToken } from './nexus-apart.js';

/** A service that ends before it listens. */
const start = (environment: Readonly<Record<string, string>>): Promise<Service> =>
  spawnService({ args: [join(root, 'apps/usage/dist/main.js')], env: { ...environment }, ready: { line: /service started/ }, readyWithinMs: 15_000 });

it('a service without NEXUS_SERVICE_TOKEN says how to make one', async () => {
  await expect(start({})).rejects.toThrow(/exited with code 1[^]*NEXUS_SERVICE_TOKEN must be set[^]*openssl rand -hex 32/);
});

it('a service whose port is taken says which variable changes it', async () => {
  const [database, keyspace] = await Promise.all([createDatabase(), createKeyspace()]);
  onTestFinished(async () => void (await Promise.all([database.drop(), keyspace.drop()])));
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const environment = { NEXUS_SERVICE_TOKEN: serviceToken, DATABASE_URL: database.url, REDIS_URL: keyspace.url, NEXUS_USAGE_PORT: String(port) };
  await expect(start(environment)).rejects.toThrow(new RegExp(`exited with code 1[^]*port ${port} of 127\\.0\\.0\\.1 is in use[^]*NEXUS_USAGE_PORT`));
});
