import { orchestratorService } from '@nexus/orchestrator/module';
import { checkCatalogue, migrate, probeTenantIsolation, rolesOf } from '@nexus/postgres';
import { providerRouterService } from '@nexus/provider-router/module';
import { migrationsOf } from '@nexus/runtime';
import { settingsService } from '@nexus/settings/module';
import { createDatabase, type TestDatabase } from '@nexus/testing';
import { toolExecutorService } from '@nexus/tool-executor/module';
import { usageService } from '@nexus/usage/module';
import { newId } from '@nexus/core';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const storages = [orchestratorService, providerRouterService, settingsService, toolExecutorService, usageService].map((service) => {
  if (!service.storage) throw new Error(`${service.name} has no storage`);
  return { schema: service.storage.schema, migrations: migrationsOf(service.storage) };
});
const [tenantA, tenantB] = [newId(), newId()];

/** A value of each type that the tables use; what is not here fails the test, so that it is added. */
const samples: Record<string, string> = {
  uuid: 'gen_random_uuid()', text: "md5(random()::text)", bytea: "decode(md5(random()::text), 'hex')", int4: '1', int8: '1', int2: '1', bool: 'false', timestamptz: 'now()', date: 'current_date',
  jsonb: "'{}'", json: "'{}'", _text: "'{}'", _bytea: "'{}'", _uuid: "'{}'", float8: '1', numeric: '1',
};

describe('tenants', () => {
  let database: TestDatabase;
  let admin: Client;

  beforeAll(async () => {
    database = await createDatabase();
    for (const { schema, migrations } of storages) await migrate({ adminUrl: database.url, schema, migrations });
    admin = new Client({ connectionString: database.url });
    await admin.connect();
  }, 60_000);
  afterAll(async () => {
    await admin?.end();
    await database?.drop();
  });

  it('TEN-2 every table of every service follows the rules of the catalogue', async () => {
    expect(await checkCatalogue(admin, storages.map(({ schema }) => schema))).toEqual([]);
  });

  it.each(storages.map(({ schema }) => schema))('TEN-2 no table of %s shows, takes or loses a row of another tenant', async (schema) => {
    const tables = await tenantTables(schema);
    expect(tables.length).toBeGreaterThan(0);
    for (const table of tables) for (const tenant of [tenantA, tenantB]) await insertSample(schema, table, tenant);
    const serving = new Client({ connectionString: database.url });
    await serving.connect();
    try {
      await serving.query(`SET SESSION AUTHORIZATION ${rolesOf(schema).serving}`);
      const report = await probeTenantIsolation({ admin, serving, schema, tenantA, tenantB });
      expect(report.violations).toEqual([]);
      expect(report.tables).toHaveLength(tables.length);
    } finally {
      await serving.end();
    }
  });

  async function tenantTables(schema: string): Promise<string[]> {
    const { rows } = await admin.query<{ table: string }>(
      `SELECT table_name AS table FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = $1 AND column_name = 'tenant_id' AND table_type = 'BASE TABLE' ORDER BY table_name`, [schema]);
    return rows.map((row) => row.table);
  }

  /** A row of made-up values: checks, keys to other tables and triggers are of no account here, policies are. */
  async function insertSample(schema: string, table: string, tenant: string): Promise<void> {
    const name = `${schema}.${table}`;
    const { rows: columns } = await admin.query<{ column: string; type: string }>(
      `SELECT quote_ident(column_name) AS column, udt_name AS type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND is_generated = 'NEVER' AND is_identity = 'NO'`, [schema, table]);
    const { rows: checks } = await admin.query<{ name: string }>(`SELECT quote_ident(conname) AS name FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'f')`, [name]);
    for (const check of checks) await admin.query(`ALTER TABLE ${name} DROP CONSTRAINT ${check.name} CASCADE`);
    const values = columns.map(({ column, type }) => {
      if (column === 'tenant_id') return `'${tenant}'`;
      if (samples[type] === undefined) throw new Error(`${name}.${column} has the type ${type}: add a sample of it`);
      return samples[type];
    });
    await admin.query('SET session_replication_role = replica');
    await admin.query(`INSERT INTO ${name} (${columns.map(({ column }) => column).join(', ')}) VALUES (${values.join(', ')})`);
    await admin.query('SET session_replication_role = DEFAULT');
  }
});
