import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkCatalogue, CURRENT_TENANT, finderFunction, probeTenantIsolation, servingUrl } from '../src/index.js';
import { connectSample, PASSWORD, SCHEMA } from './fixture.js';

const postgres = postgresTest();
let admin: Client;
beforeAll(async () => {
  await (await connectSample(postgres.url)).close();
  admin = await open(postgres.url);
});
afterAll(() => admin.end());

const check = (tenantless: string[] = []): Promise<string[]> => checkCatalogue(admin, [SCHEMA], { tenantless });

/** As a migration would: by the owner of the schema. */
const change = async (sql: string): Promise<void> => {
  await admin.query(`SET ROLE nexus_sample_owner; ${sql}; RESET ROLE`);
};

describe('checkCatalogue', () => {
  beforeEach(() => admin.query('BEGIN'));
  afterEach(() => admin.query('ROLLBACK'));

  it('finds nothing wrong with what tenantTable makes', async () => {
    expect(await check()).toEqual([]);
  });

  it.each([
    ['a table without a tenant', 'CREATE TABLE sample.loose (id uuid PRIMARY KEY)', 'sample.loose has no column tenant_id'],
    ['a nullable tenant', 'ALTER TABLE sample.note DROP CONSTRAINT note_pkey; ALTER TABLE sample.note ALTER tenant_id DROP NOT NULL', 'sample.note has a tenant_id that may be null or is no uuid'],
    ['row-level security that is not forced', 'ALTER TABLE sample.note NO FORCE ROW LEVEL SECURITY', 'sample.note does not force row-level security'],
    ['row-level security that is off', 'ALTER TABLE sample.note DISABLE ROW LEVEL SECURITY', 'sample.note does not force row-level security'],
    ['a missing policy', 'DROP POLICY tenant ON sample.note', 'sample.note has no policy for its tenant'],
    ['a policy that lets everything through', 'CREATE POLICY open ON sample.note USING (true)', 'sample.note open is a policy that lets through more than the rows of the current tenant'],
    ['a policy without a check of what is written', `DROP POLICY tenant ON sample.note; CREATE POLICY tenant ON sample.note USING (tenant_id = ${CURRENT_TENANT})`, 'sample.note tenant is a policy that lets through more than the rows of the current tenant'],
    ['a unique index across tenants', 'CREATE UNIQUE INDEX across ON sample.note (words)', 'sample.across is a primary key or unique index without tenant_id: it would tell tenants of each other'],
    ['a missing primary key', 'ALTER TABLE sample.note DROP CONSTRAINT note_pkey', 'sample.note has no primary key'],
    ['a foreign key across tenants', 'CREATE UNIQUE INDEX u ON sample.note (id, tenant_id); ALTER TABLE sample.note ADD COLUMN parent uuid, ADD COLUMN other uuid, ADD CONSTRAINT up FOREIGN KEY (parent, other) REFERENCES sample.note (id, tenant_id)', 'sample.note up is a foreign key that does not lead from tenant_id to tenant_id'],
    ['TRUNCATE', 'GRANT TRUNCATE ON sample.note TO nexus_sample', 'sample.note grants TRUNCATE, which ignores row-level security'],
    ['a grant to everybody', 'GRANT SELECT ON sample.note TO PUBLIC', 'sample.note grants something to everybody'],
    ['a view with the rights of its owner', 'CREATE VIEW sample.notes AS SELECT * FROM sample.note', 'sample.notes is a view that does not run with the rights of who asks (security_invoker)'],
    ['an unlisted SECURITY DEFINER function', "CREATE FUNCTION sample.peek() RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT tenant_id, id FROM sample.note'; REVOKE ALL ON FUNCTION sample.peek() FROM PUBLIC", 'sample.peek is a SECURITY DEFINER function that is not on the list'],
  ])('refuses %s', async (_name, sql, violation) => {
    await change(sql);
    expect(await check()).toContain(violation);
  });

  it('refuses a SECURITY DEFINER function that answers more, keeps the search path of who asks, or is open to everybody', async () => {
    await change("CREATE FUNCTION sample.peek() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT words FROM sample.note LIMIT 1'");
    expect(await check()).toEqual([
      'sample.peek is a SECURITY DEFINER function that everybody may call',
      'sample.peek is a SECURITY DEFINER function that is not on the list',
      'sample.peek is a SECURITY DEFINER function that returns more than (tenant_id, id)',
      'sample.peek is a SECURITY DEFINER function without a search_path of its own',
    ]);
  });

  it('refuses a serving role that owns a table', async () => {
    await admin.query('ALTER TABLE sample.note OWNER TO nexus_sample');
    expect(await check()).toContain('nexus_sample owns something, and so is not held by its grants');
  });

  it('accepts a table that is said to belong to no tenant', async () => {
    await change('CREATE TABLE sample.loose (id uuid PRIMARY KEY)');
    expect(await check(['sample.loose'])).toEqual([]);
  });
});

describe('finderFunction', () => {
  it('answers across tenants, although row-level security holds for who asks', async () => {
    const [a, b] = [newId(), newId()];
    await admin.query("INSERT INTO sample.note (tenant_id, id, words) VALUES ($1, $1, 'x'), ($2, $2, 'x')", [a, b]);
    await change(finderFunction({ schema: SCHEMA, name: 'find', parameters: 'p_words text, p_limit integer', table: 'note', columns: ['words'], query: 'SELECT n.tenant_id, n.id FROM sample.note n WHERE n.words = p_words ORDER BY n.id LIMIT p_limit' }));
    const serving = await open(servingUrl(postgres.url, SCHEMA, PASSWORD));
    const { rows } = await serving.query("SELECT * FROM sample.find('x', 5)");
    const { rows: hidden } = await serving.query('SELECT * FROM sample.note');
    await serving.end();
    expect(rows).toEqual([{ tenant_id: a, id: a }, { tenant_id: b, id: b }].sort((x, y) => x.id.localeCompare(y.id)));
    expect(hidden).toEqual([]);
    expect(await check()).toEqual(['sample.find is a SECURITY DEFINER function that is not on the list']);
    await admin.query('DROP FUNCTION sample.find');
    await admin.query('DELETE FROM sample.note');
  });
});

describe('probeTenantIsolation', () => {
  const [tenantA, tenantB] = [newId(), newId()];
  const probe = async (): Promise<readonly string[]> => {
    const serving = await open(servingUrl(postgres.url, SCHEMA, PASSWORD));
    const { violations } = await probeTenantIsolation({ admin, serving, schema: SCHEMA, tenantA, tenantB });
    await serving.end();
    return violations;
  };
  const seed = async (): Promise<void> => {
    for (const tenant of [tenantA, tenantB]) {
      await admin.query("INSERT INTO sample.note (tenant_id, id, words) VALUES ($1, $1, 'x')", [tenant]);
      await admin.query("INSERT INTO sample.dead_letter VALUES ($1, $1, 'c', 'g', '1-1', NULL, '', 'x', 'x', 1, now(), now())", [tenant]);
    }
  };

  it('proves nothing without rows, and says so', async () => {
    expect(await probe()).toContain('sample.note: tenant B has no row, so nothing is proven');
  });

  it('finds nothing where the policies hold, and leaves everything as it was', async () => {
    await seed();
    expect(await probe()).toEqual([]);
    expect((await admin.query('SELECT FROM sample.note')).rowCount).toBe(2);
  });

  it('finds every verb where they do not', async () => {
    await change('ALTER TABLE sample.note DISABLE ROW LEVEL SECURITY');
    await change('ALTER TABLE sample.note DROP CONSTRAINT note_pkey');
    await admin.query('DELETE FROM sample.note WHERE tenant_id = $1', [tenantA]);
    expect(await probe()).toEqual([
      "sample.note: tenant A could read 1 of tenant B's rows",
      "sample.note: tenant A could update 1 of tenant B's rows",
      "sample.note: tenant A could delete 1 of tenant B's rows",
      "sample.note: tenant A could insert 1 of tenant B's rows",
      "sample.note: tenant A could give away 1 of tenant B's rows",
      'sample.note: without a tenant, 1 rows could be read',
    ]);
  });
});

async function open(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
