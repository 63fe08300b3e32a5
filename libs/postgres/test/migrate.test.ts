import { createDatabase, type TestDatabase } from '@nexus/testing';
import { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database, migrate, servingUrl } from '../src/index.js';
import { Sample1763600000001, migrations, PASSWORD, SCHEMA } from './fixture.js';

let created: TestDatabase;
beforeEach(async () => {
  created = await createDatabase();
});
afterEach(() => created.drop());

const run = (more = migrations): Promise<string[]> => migrate({ adminUrl: created.url, schema: SCHEMA, servingPassword: PASSWORD, migrations: more });

describe('migrate', () => {
  it('applies what is due once, in order, and then does nothing', async () => {
    const log: string[] = [];
    expect(await migrate({ adminUrl: created.url, schema: SCHEMA, migrations, log: (text) => log.push(text) })).toEqual(['DeadLetter1763600000000', 'Sample1763600000001', 'DeadLetterLife1763800000000']);
    expect(log).toEqual(['sample: DeadLetter1763600000000', 'sample: Sample1763600000001', 'sample: DeadLetterLife1763800000000']);
    expect(await run()).toEqual([]);
  });

  it('lets a serving role in with its password, which owns nothing and may make nothing', async () => {
    await run();
    const database = Database.connect({ url: servingUrl(created.url, SCHEMA, PASSWORD), applicationName: 'test' });
    await database.ping();
    await expect(database.query('make', 'CREATE TABLE sample.mine (id int)')).rejects.toMatchObject({ cause: { code: '42501' } });
    await expect(database.query('truncate', 'TRUNCATE sample.note')).rejects.toMatchObject({ cause: { code: '42501' } });
    await expect(database.query('become', 'SET ROLE nexus_sample_owner')).rejects.toMatchObject({ cause: { code: '42501' } });
    await database.close();
  });

  it('takes a new password even when nothing is due', async () => {
    await run();
    await migrate({ adminUrl: created.url, schema: SCHEMA, servingPassword: 'another one', migrations });
    const database = Database.connect({ url: servingUrl(created.url, SCHEMA, 'another one'), applicationName: 'test' });
    await database.ping();
    await database.close();
    await run();
  });

  it('applies each migration once when eight processes start at the same moment', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => run()));
    expect(results.flat().sort()).toEqual(['DeadLetter1763600000000', 'DeadLetterLife1763800000000', 'Sample1763600000001']);
  });

  it('works in two new databases of one server at the same moment', async () => {
    const other = await createDatabase();
    const results = await Promise.all([created, other].map(({ url }) => migrate({ adminUrl: url, schema: 'twice', migrations: [] })));
    expect(results).toEqual([[], []]);
    await other.drop();
  });

  it('keeps nothing of a migration that fails, and keeps those before it', async () => {
    class Broken1763600000002 {
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('CREATE TABLE sample.half (id int)');
        await runner.query('SELECT 1 / 0');
      }

      async down(): Promise<void> {}
    }
    await expect(run([Sample1763600000001, Broken1763600000002])).rejects.toMatchObject({ code: 'migration_failed', isRetryable: false });
    const client = new Client({ connectionString: created.url });
    await client.connect();
    const { rows } = await client.query("SELECT to_regclass('sample.half') AS half, to_regclass('sample.note')::text AS note");
    await client.end();
    expect(rows).toEqual([{ half: null, note: 'sample.note' }]);
    expect(await run([Sample1763600000001])).toEqual([]);
  });

  it('leaves alone what a newer version has applied', async () => {
    await run();
    expect(await run([Sample1763600000001])).toEqual([]);
  });

  it('says so when nobody answers', async () => {
    await expect(migrate({ adminUrl: 'postgres://nobody@127.0.0.1:1/none', schema: SCHEMA, migrations })).rejects.toMatchObject({ code: 'database_unavailable', isRetryable: true });
  });
});
