import { newId } from '@nexus/core';
import { checkCatalogue, probeTenantIsolation, servingUrl } from '@nexus/postgres';
import { databaseUrls } from '@nexus/runtime';
import { postgresTest, redisTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SERVICE_TOKEN, ToolExecutorUnderTest } from './tool-executor-test.js';

const postgres = postgresTest();
const redis = redisTest();
let tools: ToolExecutorUnderTest;
let admin: Client;
let serving: Client;

beforeAll(async () => {
  tools = await ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url });
  admin = new Client({ connectionString: postgres.url });
  const { servingPassword } = databaseUrls('tools', { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN });
  serving = new Client({ connectionString: servingUrl(postgres.url, 'tools', servingPassword) });
  await Promise.all([admin.connect(), serving.connect()]);
});
afterAll(async () => {
  await Promise.all([admin.end(), serving.end()]);
  await tools.stop();
});

it('follows every rule that keeps tenants apart', async () => {
  expect(await checkCatalogue(admin, ['tools'])).toEqual([]);
});

it('lets a tenant neither read, change, delete nor add rows of another, in any table', async () => {
  const [tenantA, tenantB] = [newId(), newId()];
  for (const tenant of [tenantA, tenantB]) {
    await admin.query("INSERT INTO tools.execution VALUES ($1, $2, 'open', 'pay', 'probe', now(), now())", [tenant, newId()]);
    await admin.query("INSERT INTO tools.idempotency_key VALUES ($1, $1, 'm', '', '', NULL, now(), NULL, now(), now())", [tenant]);
    await admin.query("INSERT INTO tools.dead_letter VALUES ($1, $2, 'tools.execute', 'tool-executor', '1-1', NULL, '', 'bad', 'bad', 1, now(), now())", [tenant, newId()]);
  }
  const report = await probeTenantIsolation({ admin, serving, schema: 'tools', tenantA, tenantB });
  expect(report).toEqual({ tables: ['tools.dead_letter', 'tools.execution', 'tools.idempotency_key'], violations: [] });
});
