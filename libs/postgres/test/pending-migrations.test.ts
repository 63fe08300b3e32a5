import { createDatabase, type TestDatabase } from '@nexus/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, pendingMigrations, servingUrl } from '../src/index.js';
import { migrations, PASSWORD, SCHEMA } from './fixture.js';

let created: TestDatabase;
beforeEach(async () => {
  created = await createDatabase();
});
afterEach(() => created.drop());

const [first] = migrations;
const run = (more = migrations): Promise<string[]> => migrate({ adminUrl: created.url, schema: SCHEMA, servingPassword: PASSWORD, migrations: more });
const pending = (): Promise<string[]> => pendingMigrations({ url: servingUrl(created.url, SCHEMA, PASSWORD), schema: SCHEMA, migrations });

async function administer(text: string): Promise<void> {
  const client = new Client({ connectionString: created.url });
  await client.connect();
  await client.query(text);
  await client.end();
}

describe('pendingMigrations', () => {
  it('names what the schema has not had yet, and nothing once it is migrated', async () => {
    await run(first === undefined ? [] : [first]);
    expect(await pending()).toEqual(migrations.slice(1).map(({ name }) => name));
    await run();
    expect(await pending()).toEqual([]);
  });

  it('does not mind what a newer version has applied', async () => {
    class Newer1999999999999 {
      async up(): Promise<void> {}
      async down(): Promise<void> {}
    }
    await run([...migrations, Newer1999999999999]);
    expect(await pending()).toEqual([]);
  });

  it('names everything while the serving role may not ask, which the next migration mends', async () => {
    await run();
    await administer(`REVOKE SELECT ON ${SCHEMA}.migration FROM nexus_${SCHEMA}`); // as a version before left it
    expect(await pending()).toEqual(migrations.map(({ name }) => name));
    expect(await run()).toEqual([]);
    expect(await pending()).toEqual([]);
  });

  it('gives the serving role nothing but the list', async () => {
    await run();
    const client = new Client({ connectionString: servingUrl(created.url, SCHEMA, PASSWORD) });
    await client.connect();
    await expect(client.query(`DELETE FROM ${SCHEMA}.migration`)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });

  it('says so when nobody answers', async () => {
    await expect(pendingMigrations({ url: 'postgres://nobody@127.0.0.1:1/none', schema: SCHEMA, migrations })).rejects.toMatchObject({ code: 'database_unavailable' });
  });
});
