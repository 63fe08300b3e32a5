import { fileURLToPath } from 'node:url';
import { Outcome } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, spawnService, waitFor, type Service } from '@nexus/testing';
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
let replicas: Service[] = [];
let chatId: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: (request) => (lastLine(request).startsWith('U: slow') ? undefined : { text: 'hello' }), tool: () => 'ok' });
  services = await startNeighbourServices(world.bus, directory);
});
afterAll(async () => {
  await services?.stop();
  await world?.stop();
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

const message = (text: string) => ({ text, surface: 'web', chatId });
const command = (name: string) => ({ ...message(''), command: { name } });
async function publish(request: object): Promise<string> {
  const id = newId();
  await world.ask(id, request, secret);
  return id;
}
const answer = (id: string) => waitFor(() => world.answersTo(id)[0], { timeoutMs: 15_000, what: `an answer to ${id}` });
const people = (id: string) => script(world.callsFor(id)[0]!).filter((line) => line.startsWith('U: '));
const hasDied = (service: Service, failpoint: string) => waitFor(() => service.output().includes(`"failpoint":"${failpoint}"`), { timeoutMs: 15_000 });

describe('an orchestrator that dies', () => {
  it.each(['orchestrator.before-accept', 'orchestrator.after-accept'])('BUS-2 at %s of a command leaves it done once, and what was said before and after it where it belongs', { timeout: 60_000 }, async (failpoint) => {
    // the message is accepted first, the command second
    const first = await start('a', { FAILPOINT: `${failpoint}@2` });
    const before = await publish(message('before'));
    await answer(before);
    const fresh = await publish(command('new'));
    const after = await publish(message('after'));
    await hasDied(first, failpoint);
    await start('b');
    expect(await answer(fresh)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await answer(after)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(people(after)).toEqual(['U: after']);
    expect(world.answersTo(after)[0]?.threadId).toBe(world.answersTo(fresh)[0]?.threadId);
    const later = await publish(message('later'));
    await answer(later);
    expect(people(later)).toEqual(['U: after', 'U: later']);
    expect(world.answersTo(fresh)).toHaveLength(1);
  });

  it('BUS-2 between what /stop stored and what it ends leaves nothing running', { timeout: 60_000 }, async () => {
    const first = await start('a', { FAILPOINT: 'orchestrator.after-accept@3' });
    const slow = await publish(message('slow'));
    await waitFor(() => world.callsFor(slow).length > 0, { timeoutMs: 15_000 });
    const waiting = await publish(message('waits'));
    const stop = await publish(command('stop'));
    await hasDied(first, 'orchestrator.after-accept');
    await start('b');
    expect(await answer(stop)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await answer(slow)).toMatchObject({ outcome: Outcome.CANCELLED });
    expect(await answer(waiting)).toMatchObject({ outcome: Outcome.CANCELLED });
    expect(world.callsFor(waiting)).toEqual([]);
  });
});
