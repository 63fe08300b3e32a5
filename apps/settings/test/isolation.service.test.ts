import { newId } from '@nexus/core';
import { Database, checkCatalogue, probeTenantIsolation, servingUrl } from '@nexus/postgres';
import { databaseUrls } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';

const postgres = postgresTest();
const tenantA = newId();
const tenantB = newId();
let service: SettingsUnderTest;
let admin: Client;
let serving: Client;

beforeAll(async () => {
  service = await startSettings(postgres.url);
  admin = new Client({ connectionString: postgres.url });
  const { servingPassword } = databaseUrls('settings', { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN });
  serving = new Client({ connectionString: servingUrl(postgres.url, 'settings', servingPassword) });
  await Promise.all([admin.connect(), serving.connect()]);
  for (const tenant of [tenantA, tenantB]) await fill(tenant);
});
afterAll(async () => {
  await Promise.all([admin.end(), serving.end()]);
  await service.stop();
});

it('follows every rule that keeps tenants apart', async () => {
  expect(await checkCatalogue(admin, ['settings'])).toEqual([]);
});

it('lets a tenant neither read, change, delete nor add rows of another, in any table', async () => {
  const report = await probeTenantIsolation({ admin, serving, schema: 'settings', tenantA, tenantB });
  expect(report.violations).toEqual([]);
  expect(report.tables).toEqual(['api_key', 'audit', 'config', 'dead_letter', 'idempotency_key', 'link_code', 'linked_account', 'owned_chat', 'person', 'provider_state', 'tenant', 'tool_state', 'webhook', 'webhook_delivery', 'wrong_code'].map((table) => `settings.${table}`));
});

it('cannot change or delete its audit', async () => {
  const own = Database.connect({ url: servingUrl(postgres.url, 'settings', databaseUrls('settings', { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }).servingPassword), applicationName: 'test' });
  for (const text of ["UPDATE settings.audit SET actor = 'nobody'", 'DELETE FROM settings.audit', 'TRUNCATE settings.audit']) {
    await expect(own.withTenant(tenantA, (tx) => tx.query(text, text)), text).rejects.toMatchObject({ code: 'internal', cause: { code: '42501' } });
  }
  await own.close();
});

async function fill(tenant: string): Promise<void> {
  const id = newId();
  await admin.query("INSERT INTO settings.tenant VALUES ($1, 'probe', now())", [tenant]);
  await admin.query("INSERT INTO settings.api_key VALUES ($1, $2, sha256($3::text::bytea), 'nxs_', 'probe', 'api', '', '', '{}', false, now(), NULL)", [tenant, id, id]);
  await admin.query("INSERT INTO settings.config VALUES ($1, 'a.b', '1', now())", [tenant]);
  await admin.query("INSERT INTO settings.provider_state VALUES ($1, 'demo', false, now())", [tenant]);
  await admin.query("INSERT INTO settings.tool_state VALUES ($1, 'math', false, now())", [tenant]);
  await admin.query("INSERT INTO settings.audit VALUES ($1, $2, 'system', 'probe', '', '', '', 1, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.idempotency_key VALUES ($1, $2, 'm', '', '', NULL, now(), NULL, now(), now())", [tenant, id]);
  await admin.query("INSERT INTO settings.person VALUES ($1, $2, 'probe', now())", [tenant, id]);
  await admin.query("INSERT INTO settings.linked_account VALUES ($1, 'telegram', '7', 'probe', $2, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.owned_chat VALUES ($1, 'telegram', '-7', $2, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.link_code VALUES ($1, $2, $2, '', now(), NULL, NULL, NULL, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.wrong_code VALUES ($1, $2, 1, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.webhook VALUES ($1, $2, 'probe', 'https://example.com/', '{}', sha256('probe'), true, '', now(), NULL)", [tenant, id]);
  await admin.query("INSERT INTO settings.webhook_delivery VALUES ($1, $2, $2, 'e1', 'run.finished', '{}', 1, 0, 0, '', now(), now(), NULL, NULL, now())", [tenant, id]);
  await admin.query("INSERT INTO settings.dead_letter VALUES ($1, $2, 'audit.recorded', 'settings', '1-1', NULL, '', 'bad', 'bad', 1, now(), now())", [tenant, id]);
}
