import { fileURLToPath } from 'node:url';
import { Outcome } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, spawnService, waitFor, type Service } from '@nexus/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours, lastLine, script } from './neighbours.js';
import { startNeighbourServices } from './neighbour-services.js';
import { Directory, SERVICE_TOKEN } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const config = fileURLToPath(new URL('../../../config', import.meta.url));
const directory = new Directory();
const { secret } = directory.tenant();
let world: Neighbours;
let services: Awaited<ReturnType<typeof startNeighbourServices>>;
let streams: Redis;
let tables: Client;
let replicas: Service[] = [];
let chatId: string;

beforeAll(async () => {
  streams = new Redis(redis.url);
  tables = new Client({ connectionString: postgres.url });
  await tables.connect();
  world = await Neighbours.start(redis.url, { model: (request) => ({ text: `said ${lastLine(request).slice(3)}` }), tool: () => 'ok' });
  services = await startNeighbourServices(world.bus, directory);
});
afterAll(async () => {
  await services?.stop();
  await world?.stop();
  await tables?.end();
  streams.disconnect();
});
beforeEach(() => {
  chatId = newId();
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  replicas = [];
});

/** The built service as a process of its own. */
async function start(replica: string, env: Record<string, string> = {}): Promise<Service> {
  const service = await spawnService({
    args: [main],
    env: {
      REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_CONFIG_DIR: config, NEXUS_ORCHESTRATOR_PORT: '0',
      NEXUS_REPLICA: replica, NEXUS_LEASE_MS: '300', NEXUS_STALLED_MS: '1000', ...services.env, ...env,
    },
    ready: { line: /"message":"service started"/ },
  });
  replicas.push(service);
  return service;
}

const ask = async (id: string): Promise<string> => {
  await world.ask(id, { text: id, surface: 'web', chatId }, secret);
  return id;
};
const reader = async (): Promise<string> => (await tables.query<{ owner: string }>('SELECT owner FROM orchestrator.partition_lease WHERE partition = 0 AND expires_at > now()')).rows[0]?.owner ?? '';
const untaken = async (): Promise<number> => ((await streams.xpending('requests.incoming', 'orchestrator')) as [number])[0];
const orderOf = (ids: readonly string[]): readonly string[] => world.answers.flatMap(({ payload }) => (ids.includes(payload.messageId) ? [payload.messageId] : []));

describe('a reader of requests.incoming that stands still past its lease', () => {
  it('BUS-2 is replaced in the order of the stream, and what it still holds when it wakes is refused', { timeout: 60_000 }, async () => {
    const ids: string[] = [];
    const next = (): string => {
      const id = `${chatId} ${ids.length + 1}`;
      ids.push(id);
      return id;
    };
    const first = await start('a');
    await world.answer(await ask(next()));
    await start('b');
    let held = 0;
    // it took an entry with it when it was stopped: its read was waiting in Redis, before the other's
    for (let round = 0; held === 0 && round < 5; round++) {
      await waitFor(async () => (await reader()) === 'a', { timeoutMs: 15_000 });
      await world.answer(await ask(next()));
      first.signal('SIGSTOP');
      await waitFor(async () => (await reader()) === 'b');
      const id = await ask(next());
      await waitFor(async () => world.answersTo(id).length === 1 || (held = await untaken()) === 1, { intervalMs: 100 });
      if (held === 0) {
        first.signal('SIGCONT');
        await replicas[1]?.kill('SIGTERM');
        await replicas[1]?.restart();
      }
    }
    expect(held).toBe(1);
    for (let i = 0; i < 3; i++) await ask(next());
    for (const id of ids) expect(await waitFor(() => world.answersTo(id)[0], { timeoutMs: 15_000 })).toMatchObject({ outcome: Outcome.ANSWERED }); // some wait for the sweep
    first.signal('SIGCONT');
    for (let i = 0; i < 3; i++) await ask(next());
    for (const id of ids) expect(await world.answer(id)).toMatchObject({ text: `said ${id}` });
    await waitFor(() => /lease_lost|another replica took over/.test(first.output()));
    expect(orderOf(ids)).toEqual(ids);
    expect(script(world.callsFor(ids.at(-1) ?? '')[0]!).filter((line) => line.startsWith('U: '))).toEqual(ids.map((id) => `U: ${id}`));
  });
});

it('a replica that stands still between a decision and its commit cannot undo or repeat what another did meanwhile', { timeout: 60_000 }, async () => {
  const id = newId();
  world.behaviour.model = (request) => (lastLine(request) === `U: ${id}` ? { calls: [{ name: 'now', arguments: '{}' }] } : { text: 'done' });
  const zombie = await start('a', { FAILPOINT: 'orchestrator.before-commit:stop' });
  await ask(id);
  await waitFor(() => zombie.output().includes('"failpoint":"orchestrator.before-commit"'));
  await start('b');
  expect(await waitFor(() => world.answersTo(id)[0], { timeoutMs: 15_000 })).toMatchObject({ text: 'done', usage: { modelCalls: 2, toolCalls: 1 } });
  const calls = () => world.toolCalls.filter(({ correlationId }) => correlationId === id).map(({ payload }) => payload.executionId);
  const before = calls();
  zombie.signal('SIGCONT');
  const pendingOf = async () => ((await streams.xpending('inference.response', 'orchestrator')) as [number])[0];
  await waitFor(async () => (await pendingOf()) === 0, { what: 'the zombie to be through with what it held' });
  expect(world.answersTo(id)).toHaveLength(1);
  expect(new Set(before).size).toBe(1);
  expect(calls()).toEqual(before);
});
