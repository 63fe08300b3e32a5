import { create } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { redisBus } from '@nexus/channels';
import { DirectoryService, ExecuteToolSchema } from '@nexus/contracts';
import { deterministicId, newId, systemClock } from '@nexus/core';
import { ServiceClients, createLogger, openDatabase, serviceNames, startService, type ServiceDefinition, type ServiceName } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { toolExecutorService } from '@nexus/tool-executor/module';
import { usageService } from '@nexus/usage/module';
import { Client } from 'pg';
import { expect, it } from 'vitest';

const serviceToken = 'service-token-of-the-tests';
const postgres = postgresTest();
const redis = redisTest();

it('USE-1 gives a tool call one ledger row, of its own kind and without cost, however often the call is delivered', async () => {
  const bus = redisBus(redis.url);
  const clients = new ServiceClients({ serviceToken, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  clients.offer('settings', createRouterTransport((router) => router.service(DirectoryService, { getTenantSettings: () => ({}) })));
  const logger = createLogger({ level: 'silent' });
  const start = async (definition: ServiceDefinition) => {
    const database = await openDatabase(definition, { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken }, logger);
    const service = await startService(definition, { bus, ...(database && { database }), clients, logger, clock: systemClock, environment: {}, serviceToken, replica: 'test-1' }, { listen: false });
    return async () => {
      await service.stop(1_000);
      await database?.close();
    };
  };
  const stops = [await start(usageService), await start(toolExecutorService)];
  const admin = new Client({ connectionString: postgres.url });
  await admin.connect();

  const [tenantId, runId] = [newId(), newId()];
  const call = (place: number) => {
    const executionId = deterministicId(runId, 'tool', 1, place);
    const payload = create(ExecuteToolSchema, { executionId, runId, step: 1, call: { id: `call_${place}`, name: 'current_time', arguments: '{}' }, attribution: { client: 'acme' } });
    return { channel: 'tools.execute', id: executionId, tenantId, payload } as const;
  };
  await bus.publish(call(0));
  await bus.publish(call(0));
  const rows = async () => (await admin.query('SELECT attempt_id, tool, client, result, run_id::text, cost_micro_usd::int, provider FROM usage.ledger ORDER BY settled_at')).rows as { attempt_id: string }[];
  await waitFor(async () => (await rows()).length > 0);
  await bus.publish(call(0));
  await bus.publish(call(1));
  await waitFor(async () => (await rows()).some(({ attempt_id }) => attempt_id === call(1).id));

  const row = { tool: 'current_time', client: 'acme', result: 'succeeded', run_id: runId, cost_micro_usd: 0, provider: '' };
  expect(await rows()).toEqual([{ attempt_id: call(0).id, ...row }, { attempt_id: call(1).id, ...row }]);

  for (const stop of stops.reverse()) await stop();
  clients.close();
  await bus.close();
  await admin.end();
});
