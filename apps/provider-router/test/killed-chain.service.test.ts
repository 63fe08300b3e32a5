import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisBus, type ChannelBus, type Message, type Subscription } from '@nexus/channels';
import { OpenedAttempt_State as State, UsageRecorded_Result as Result } from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import { postgresTest, redisTest, spawnService, waitFor, type Service } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNeighbourServices } from './neighbour-services.js';
import { ASKER, RouterWorld, SERVICE_TOKEN, requestOf } from './router-test.js';
import { OwnServer, ROUTED, ROUTED_PROVIDERS, bodyOf, chat, codeOf, question } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const answers: Message<'inference.response'>[] = [];
const records: Message<'usage.recorded'>[] = [];
let world: RouterWorld;
let own: OwnServer;
let bus: ChannelBus;
let readers: Subscription[];
let services: Awaited<ReturnType<typeof startNeighbourServices>>;
let router: Service | undefined;
let folder: string;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  own = await OwnServer.start();
  bus = redisBus(redis.url);
  readers = [
    bus.followReplies('inference.response', ASKER, (batch) => void answers.push(...batch)),
    bus.consumeBatches({ group: 'test', consumer: 'test', channel: 'usage.recorded', onDeadLetter: async () => [] }, async (batch) => (records.push(...batch), [])),
  ];
  await Promise.all(readers.map((reader) => reader.ready));
  services = await startNeighbourServices(bus, world);
  folder = mkdtempSync(join(tmpdir(), 'nexus-router-'));
  writeFileSync(join(folder, 'providers.yaml'), ROUTED_PROVIDERS);
  writeFileSync(join(folder, 'routing.yaml'), ROUTED);
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
});
afterAll(async () => {
  await services?.stop();
  await Promise.all((readers ?? []).map((reader) => reader.stop(500)));
  await bus?.close();
  await own?.pullPlug();
  await world?.provider.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  world.reset();
  text = question();
  own.provider.reply({ status: 402, text: 'no credit' });
  world.provider.reply({ text: 'from the cloud' });
  // as the ledger does it: what was recorded is settled, and what an owner that is gone had opened is unknown
  world.ledger.answer = ({ attemptId, owner }) => {
    const record = records.find(({ payload }) => payload.attemptId === attemptId);
    if (record) return { state: State.SETTLED, result: record.payload.result };
    const openedBy = world.ledger.opened.get(attemptId);
    return openedBy !== undefined && openedBy !== owner ? { state: State.UNKNOWN } : undefined;
  };
});
afterEach(async () => {
  await router?.kill();
});

async function start(failpoint = ''): Promise<Service> {
  return spawnService({
    args: [main],
    env: {
      REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_CONFIG_DIR: folder, NEXUS_PROVIDER_ROUTER_PORT: '0', NEXUS_REPLICA: 'test-1', NEXUS_OWNER_TTL_MS: '2000',
      TEST_OWN_URL: own.url, TEST_FAKE_URL: world.provider.url, FAILPOINT: failpoint, ...services.env,
    },
    ready: { line: /"message":"service started"/ },
  });
}

describe('a router that is killed in the midst of a chain', () => {
  it.each([
    ['has noted that the first model failed', 'router.after-fallback', 'completion', 1],
    ['has opened the second attempt', 'router.after-open@2', '502 attempt_unknown', 0],
    ['has the answer of the second model', 'router.after-answer@2', '502 attempt_unknown', 1],
  ])('and %s: no model is called twice for it, and nothing is lost that can be known', { timeout: 60_000 }, async (_when, failpoint, outcome, cloudCalls) => {
    router = await start(failpoint);
    const message = requestOf(chat('own/small', text));
    await bus.publish(message);
    expect(await router.exited).toContain('SIGKILL');
    router = await start();
    const answer = await waitFor(() => answers.find(({ payload }) => payload.attemptId === message.id)?.payload, { timeoutMs: 30_000, what: 'an answer from the next life' });
    expect(codeOf(answer)).toBe(outcome);
    expect([own.calls(text), world.calls(text).length]).toEqual([1, cloudCalls]);
    await waitFor(() => records.some(({ payload }) => payload.attemptId === message.id && payload.result === Result.FAILED && payload.errorCode === 'quota_exhausted'));
    const attempts = world.ledger.asked.filter(({ tenantId }) => tenantId === message.tenantId).map(({ attemptId }) => attemptId);
    expect(new Set(attempts)).toEqual(new Set([message.id, deterministicId(message.id, 'chain', 1)]));
    if (outcome !== 'completion') return;
    expect(bodyOf(answer)).toContain('from the cloud');
    expect(answer.routing).toMatchObject({ model: 'cloud/mini', fallbacks: [{ model: 'own/small', code: 'quota_exhausted', attemptId: message.id }] });
  });
});
