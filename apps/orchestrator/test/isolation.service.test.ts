import { newId } from '@nexus/core';
import { checkCatalogue, probeTenantIsolation, type Database } from '@nexus/postgres';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storedEvent } from '../src/domain/stored-event.js';
import { encodeEvent } from '../src/storage/event-codec.js';
import { LeaseStore } from '../src/storage/lease.store.js';
import { RunStore } from '../src/storage/run.store.js';
import { connectOrchestrator, orchestratorUrl } from './orchestrator-database.js';

const postgres = postgresTest();
const [tenantA, tenantB] = [newId(), newId()];
let database: Database;
let admin: Client;

beforeAll(async () => {
  database = await connectOrchestrator(postgres.url);
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
  const lease = { partition: 0, epoch: (await new LeaseStore(database).take(0, 'a', 10_000)) ?? 0 };
  const agent = { hash: Buffer.alloc(16, 1), payload: Buffer.alloc(0) };
  await new RunStore(database).accept(lease, Date.now(), [tenantA, tenantB].map((tenantId) => ({ ...agent, tenantId })), [tenantA, tenantB].map((tenantId) => ({
    tenantId, runId: newId(), threadId: newId(), surface: '', client: '', project: '', messageId: 'm', correlationId: undefined, limitMs: 1, deadlineAt: 0, payload: encodeEvent(storedEvent('accepted', {})),
  })));
  for (const tenantId of [tenantA, tenantB]) {
    await admin.query(`INSERT INTO orchestrator.partition_lease VALUES ($1, 9, 'x', 1, now())`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.dead_letter VALUES ($1, $1, 'c', 'g', 'e', 'm', '', 'r', 'r', 1, now(), now())`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.run_count VALUES ($1, '2026-11-01', 1)`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.queued_task (tenant_id, id, key_id, client, project, created_at, request) VALUES ($1, $1, '', '', '', now(), '')`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.place VALUES ($1, $1, 'telegram', '7', '', 1, '', now())`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.command VALUES ($1, $1, '', '{}', '{}', now())`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.kept_response VALUES ($1, $1, now(), '{}')`, [tenantId]);
    await admin.query(`INSERT INTO orchestrator.stored_file VALUES ($1, $1, 'a.txt', 'text/plain', 1, '', 'a', now(), now())`, [tenantId]);
  }
});
afterAll(async () => {
  await admin?.end();
  await database?.close();
});

it('TEN-2 every table follows the rules of the catalogue', async () => {
  expect(await checkCatalogue(admin, ['orchestrator'])).toEqual([]);
});

it('TEN-2 no table shows, takes or loses a row of another tenant', async () => {
  const serving = new Client({ connectionString: orchestratorUrl(postgres.url) });
  await serving.connect();
  const report = await probeTenantIsolation({ admin, serving, schema: 'orchestrator', tenantA, tenantB });
  await serving.end();
  expect(report.violations).toEqual([]);
  expect(report.tables).toHaveLength(12);
});

it('stored events cannot be changed or removed by the service', async () => {
  for (const statement of ['UPDATE orchestrator.run_event SET seq = 9', 'DELETE FROM orchestrator.run_event', 'DELETE FROM orchestrator.run', 'UPDATE orchestrator.agent SET payload = payload']) {
    await expect(database.withTenant(tenantA, (tx) => tx.query(statement, statement))).rejects.toMatchObject({ cause: { code: '42501' } });
  }
});
