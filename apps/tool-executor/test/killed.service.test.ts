import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { Module } from '@nestjs/common';
import { redisBus, type ChannelBus, type Message, type OutgoingMessage } from '@nexus/channels';
import { DirectoryService, ExecuteToolSchema, TenantSettingsSchema } from '@nexus/contracts';
import { deterministicId, newId, systemClock } from '@nexus/core';
import { RpcService, ServiceClients, createLogger, serviceNames, startService, type RunningService, type ServiceName } from '@nexus/runtime';
import { postgresTest, redisTest, spawnService, waitFor, type Service } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { SERVICE_TOKEN } from './tool-executor-test.js';

const main = fileURLToPath(new URL('./paying-executor.mjs', import.meta.url));
const postgres = postgresTest();
const redis = redisTest();
const folder = mkdtempSync(join(tmpdir(), 'paying-executor-'));
const paidFile = join(folder, 'paid');
const results: Message<'tools.results'>[] = [];
let bus: ChannelBus;
let clients: ServiceClients;
let settings: RunningService;
let lives: Service[] = [];

@RpcService(DirectoryService)
class DirectoryRpc implements Pick<ServiceImpl<typeof DirectoryService>, 'getTenantSettings'> {
  getTenantSettings() {
    return create(TenantSettingsSchema);
  }
}

@Module({ providers: [DirectoryRpc] })
class SettingsModule {}

beforeAll(async () => {
  bus = redisBus(redis.url);
  bus.consumeBatches({ channel: 'tools.results', group: 'test', consumer: 'test', onDeadLetter: async () => [] }, async (batch) => (results.push(...batch), []));
  clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  settings = await startService(
    { name: 'settings', defaultPort: 0, module: () => SettingsModule },
    { bus, clients, logger: createLogger({ level: 'silent' }), clock: systemClock, environment: {}, serviceToken: SERVICE_TOKEN, replica: 'settings' },
    { listen: true, port: 0 },
  );
});
afterEach(async () => {
  await Promise.all(lives.map((life) => life.kill()));
  lives = [];
});
afterAll(async () => {
  await settings?.stop(500);
  clients?.close();
  await bus?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One life of a replica, as a process of its own. */
async function live(replica: string, failpoint = ''): Promise<Service> {
  const life = await spawnService({
    args: [main],
    env: {
      REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_TOOL_EXECUTOR_PORT: '0', NEXUS_SETTINGS_URL: settings.url ?? '',
      NEXUS_REPLICA: replica, PAID_FILE: paidFile, FAILPOINT: failpoint,
    },
    ready: { line: /"message":"service started"/ },
  });
  lives.push(life);
  return life;
}

async function pay(to: string, waitMs = 0): Promise<OutgoingMessage<'tools.execute'>> {
  const runId = newId();
  const executionId = deterministicId(runId, 'tool', 1, 0);
  const message: OutgoingMessage<'tools.execute'> = {
    channel: 'tools.execute', id: executionId, tenantId: newId(), correlationId: to,
    payload: create(ExecuteToolSchema, { executionId, runId, step: 1, epoch: 1n, call: { id: 'call_1', name: 'pay', arguments: JSON.stringify({ to, waitMs }) } }),
  };
  await bus.publish(message);
  return message;
}

const timesPaid = (to: string): number => read().filter((line) => line === to).length;
const outcomeOf = (message: OutgoingMessage<'tools.execute'>, timeoutMs = 10_000) =>
  waitFor(() => results.find(({ payload }) => payload.executionId === message.payload.executionId)?.payload, { timeoutMs });

function read(): readonly string[] {
  try {
    return readFileSync(paidFile, 'utf8').split('\n');
  } catch {
    return [];
  }
}

it('a call that must not be made twice is not made again when the process is killed in the midst of it', { timeout: 30_000 }, async () => {
  const first = await live('once');
  const message = await pay('rent', 60_000);
  await waitFor(() => timesPaid('rent') === 1);
  await first.kill('SIGKILL');
  await live('once');
  expect(await outcomeOf(message)).toMatchObject({ error: { code: 'tool_outcome_unknown', isRetryable: false } });
  expect(timesPaid('rent')).toBe(1);
});

it.each([['executor.before-call', 0], ['executor.after-call', 1]])('nor when it is killed at %s', { timeout: 30_000 }, async (failpoint, paid) => {
  const first = await live('once', failpoint);
  const message = await pay(failpoint);
  expect(await first.exited).toBe('was ended by SIGKILL');
  expect(first.output()).toContain(`"failpoint":"${failpoint}"`);
  await live('once');
  expect(await outcomeOf(message)).toMatchObject({ error: { code: 'tool_outcome_unknown' } });
  expect(timesPaid(failpoint)).toBe(paid);
  const next = await pay(`after ${failpoint}`);
  expect((await outcomeOf(next)).result?.text).toBe(`paid after ${failpoint}`);
});

it('a call that is asked for again while it runs is not made by another replica; nor when the first one is then killed', { timeout: 60_000 }, async () => {
  const first = await live('first');
  const message = await pay('tax', 60_000);
  await waitFor(() => timesPaid('tax') === 1);
  await live('second');
  await Promise.all([bus.publish(message), bus.publish(message), bus.publish(message)]); // whoever reads them
  await first.kill('SIGKILL');
  await bus.publish(message);
  // the second waits until the first would have settled it, if it lived
  expect(await outcomeOf(message, 40_000)).toMatchObject({ error: { code: 'tool_outcome_unknown' } });
  expect(timesPaid('tax')).toBe(1);
});
