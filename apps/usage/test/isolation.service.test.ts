import { newId } from '@nexus/core';
import { DeadLetterStore, checkCatalogue, probeTenantIsolation } from '@nexus/postgres';
import { postgresTest, waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
const [tenantA, tenantB] = [newId(), newId()];
let usage: UsageUnderTest;
let admin: Client;
let serving: Client;

beforeAll(async () => {
  usage = await startUsage(postgres.url);
  admin = new Client({ connectionString: postgres.url });
  serving = new Client({ connectionString: usage.servingUrl });
  await Promise.all([admin.connect(), serving.connect()]);
  const letters = new DeadLetterStore(usage.database, 'usage');
  for (const tenantId of [tenantA, tenantB]) {
    const asked = attempt(tenantId);
    await usage.client(tenantId).setBudget({ name: 'day', period: 'day', limitMicroUsd: 1_000n });
    await usage.open(asked);
    await usage.database.withTenant(tenantId, (tx) => tx.query('owner', "INSERT INTO usage.owner VALUES ($1, 'probe', 'probe', now(), now())", [tenantId]));
    await usage.bus.publishAll([recorded(attempt(tenantId), { tool: 'clock', usage: undefined }), recorded(asked)]);
    await admin.query("INSERT INTO usage.budget_alert VALUES ($1, $1, 'over_reservation', now(), '', '', '', '', 0, 1, NULL, $1, now())", [tenantId]);
    await admin.query("INSERT INTO usage.idempotency_key VALUES ($1, $1, 'm', '', '', NULL, now(), NULL, now(), now())", [tenantId]);
    await letters.insert({ tenantId, channel: 'usage.recorded', group: 'usage', entryId: '1-1', raw: Buffer.alloc(1), reasonCode: 'x', reason: 'x', deliveries: 1 });
    await waitFor(async () => (await admin.query('SELECT FROM usage.ledger WHERE tenant_id = $1', [tenantId])).rowCount === 2);
  }
});
afterAll(async () => {
  await Promise.all([admin.end(), serving.end()]);
  await usage.stop();
});

it('follows every rule that keeps tenants apart', async () => {
  expect(await checkCatalogue(admin, ['usage'])).toEqual([]);
});

it('lets a tenant neither read, change, delete nor add rows of another, in any table', async () => {
  const report = await probeTenantIsolation({ admin, serving, schema: 'usage', tenantA, tenantB });
  expect(report).toEqual({ violations: [], tables: ['usage.attempt', 'usage.budget', 'usage.budget_alert', 'usage.budget_use', 'usage.dead_letter', 'usage.idempotency_key', 'usage.ledger', 'usage.ledger_sum', 'usage.owner', 'usage.tool_execution'] });
});

it('lets nobody but the serving role call its functions', async () => {
  const { rows } = await admin.query("SELECT p.proname FROM pg_proc p, aclexplode(p.proacl) AS grants WHERE p.pronamespace = 'usage'::regnamespace AND p.proname IN ('open_attempts', 'settle', 'book', 'reach', 'entry_of', 'grant_one_by_one', 'is_alive', 'mark_unknown', 'own_attempts', 'orphaned_attempts', 'unresolved_attempts', 'untold_alerts', 'claim_unknown', 'resolve') AND grants.grantee = 0");
  expect(rows).toEqual([]);
});

describe('the ledger', () => {
  it.each(["UPDATE usage.ledger SET cost_micro_usd = 0", 'DELETE FROM usage.ledger', 'TRUNCATE usage.ledger'])('refuses the serving role: %s', async (text) => {
    await expect(usage.database.withTenant(tenantA, (tx) => tx.query(text, text))).rejects.toMatchObject({ cause: { code: '42501' } });
  });

  it.each(["UPDATE usage.ledger SET cost_micro_usd = 0", 'DELETE FROM usage.ledger', 'TRUNCATE usage.ledger'])('refuses even a superuser: %s', async (text) => {
    await expect(admin.query(text)).rejects.toMatchObject({ code: '23001' });
    // A session that replays changes as a replica does fires no ordinary triggers.
    await admin.query("SET session_replication_role = 'replica'");
    await expect(admin.query(text).finally(() => admin.query("SET session_replication_role = 'origin'"))).rejects.toMatchObject({ code: '23001' });
    expect((await admin.query('SELECT FROM usage.ledger WHERE cost_micro_usd = 100')).rowCount).toBe(2);
  });
});
