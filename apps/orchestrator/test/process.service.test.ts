import { fileURLToPath } from 'node:url';
import { newId } from '@nexus/core';
import { signPublisher } from '@nexus/runtime';
import { postgresTest, redisTest, spawnService, waitFor, type Service } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Neighbours } from './neighbours.js';
import { SERVICE_TOKEN } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const config = fileURLToPath(new URL('../../../config', import.meta.url));
let world: Neighbours;
let service: Service | undefined;
beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => ({ text: 'done' }), tool: () => 'ok' });
});
afterEach(() => service?.stop());
afterAll(() => world?.stop());

/** The built service as a process of its own; its neighbours do not answer questions. */
async function start(env: Record<string, string> = {}): Promise<Service> {
  service = await spawnService({
    args: [main],
    env: { REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_CONFIG_DIR: config, NEXUS_ORCHESTRATOR_PORT: '0', ...env },
    ready: { line: /"message":"service started"/ },
  });
  return service;
}

it('leaves what it cannot decide yet for later, exits with 0 soon after SIGTERM, and logs nothing of what was said', async () => {
  const running = await start();
  const id = newId();
  const authorization = signPublisher(SERVICE_TOKEN, { tenantId: newId(), keyId: 'k', client: '', project: '' }, id);
  await world.ask(id, { text: 'a private question' }, undefined, { metadata: { authorization } });
  await waitFor(async () => (await world.bus.history('requests.incoming', '0')).length === 1);
  const began = performance.now();
  expect(await running.kill('SIGTERM')).toBe('exited with code 0');
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(running.output()).not.toContain('private question');
  expect(running.output()).not.toContain(SERVICE_TOKEN);
  expect(world.answersTo(id)).toEqual([]);
});

it('says what is wrong with its agents and exits', async () => {
  await expect(start({ NEXUS_CONFIG_DIR: 'nowhere' })).rejects.toThrow(/agents.yaml: cannot be read. NEXUS_CONFIG_DIR names the folder/);
  await expect(start({ NEXUS_LEASE_MS: 'soon' })).rejects.toThrow(/NEXUS_LEASE_MS must be milliseconds/);
});
