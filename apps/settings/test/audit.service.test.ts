import { create } from '@bufbuild/protobuf';
import { AuditRecordedSchema, AuditRecorded_Risk } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEV_SECRET, DEVELOPMENT_TENANT_ID, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';

const postgres = postgresTest();
let service: SettingsUnderTest;

beforeAll(async () => {
  service = await startSettings(postgres.url);
});
afterAll(() => service.stop());

const entry = (id: string, tenantId: string, subject: string) =>
  ({ channel: 'audit.recorded', id, tenantId, payload: create(AuditRecordedSchema, { actor: 'service', action: 'run.cancelled', subject, risk: AuditRecorded_Risk.LOW }) }) as const;
const subjects = async (tenantId: string) =>
  (await service.database.withTenant(tenantId, (tx) => tx.query<{ subject: string }>('subjects', 'SELECT subject FROM settings.audit ORDER BY subject'))).map((row) => row.subject);

it('keeps what services report, each id once, also of tenants it does not know', async () => {
  const [tenantA, tenantB, id] = [newId(), newId(), newId()];
  await service.bus.publishAll([entry(id, tenantA, 'one'), entry(newId(), tenantB, 'two'), entry(id, tenantA, 'one, told otherwise'), entry(newId(), tenantA, 'three')]);
  await expect.poll(() => subjects(tenantA)).toEqual(['one', 'three']);
  await expect.poll(() => subjects(tenantB)).toEqual(['two']);
});

it('sets aside an entry that it cannot keep, shows it to its tenant, and keeps its neighbours', async () => {
  const tenant = DEVELOPMENT_TENANT_ID;
  await service.bus.publishAll([entry(newId(), tenant, 'before'), entry('no-uuid', tenant, 'bad'), entry(newId(), tenant, 'after\u0000')]);
  await expect.poll(() => subjects(tenant)).toEqual(expect.arrayContaining(['after\ufffd', 'before']));
  const listed = async (secret: string, of?: string) => (await service.deadLetters(secret, of).listDeadLetters({ channel: 'audit.recorded' })).deadLetters;
  await expect.poll(() => listed(DEV_SECRET).then((letters) => letters.map(({ reasonCode, messageId, channel }) => [channel, reasonCode, messageId]))).toEqual([['audit.recorded', 'invalid_audit', 'no-uuid']]);
  expect((await listed(DEV_SECRET))[0]?.raw).toHaveLength(0);
  expect(await listed(SERVICE_TOKEN, tenant)).toHaveLength(1);
  expect(await listed(SERVICE_TOKEN)).toEqual([]);
});

it('stores its own changes once, though it also reports them', async () => {
  await service.settings(DEV_SECRET).updateConfig({ values: { 'audit.test': '1' } });
  // Read in order: once the marker is there, the report before it was handled.
  await service.bus.publish(entry(newId(), DEVELOPMENT_TENANT_ID, 'marker'));
  await expect.poll(() => subjects(DEVELOPMENT_TENANT_ID)).toContain('marker');
  expect((await subjects(DEVELOPMENT_TENANT_ID)).filter((subject) => subject === 'audit.test')).toHaveLength(1);
});
