import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, plainArray, textArray } from '../src/index.js';
import { connectSample } from './fixture.js';

const postgres = postgresTest();
const insert = 'INSERT INTO sample.note (tenant_id, id, words) VALUES ($1, $2, $3)';
const words = 'SELECT words FROM sample.note ORDER BY words';

let database: Database;
beforeAll(async () => {
  database = await connectSample(postgres.url);
});
afterAll(() => database.close());

describe('withTenant', () => {
  it('sees the rows of its tenant only, and leaves no tenant behind on the connection', async () => {
    const [a, b] = [newId(), newId()];
    await database.withTenant(a, (tx) => tx.query('insert', insert, [a, newId(), 'of a']));
    await database.withTenant(b, (tx) => tx.query('insert', insert, [b, newId(), 'of b']));
    expect(await database.withTenant(a, (tx) => tx.query('words', words))).toEqual([{ words: 'of a' }]);
    expect(await database.query('words', words)).toEqual([]);
  });

  it('refuses a row of another tenant', async () => {
    const attempt = database.withTenant(newId(), (tx) => tx.query('insert', insert, [newId(), newId(), 'smuggled']));
    await expect(attempt).rejects.toMatchObject({ code: 'internal', cause: { code: '42501' } });
  });

  it('refuses what is no tenant, whatever it says', async () => {
    await expect(database.withTenant("'; DROP TABLE sample.note; --", async () => 1)).rejects.toMatchObject({ code: 'tenant_missing' });
  });

  it('undoes everything when a part fails', async () => {
    const tenant = newId();
    const attempt = database.withTenant(tenant, async (tx) => {
      await tx.query('insert', insert, [tenant, newId(), 'first']);
      throw new Error('changed my mind');
    });
    await expect(attempt).rejects.toThrow();
    expect(await database.withTenant(tenant, (tx) => tx.query('words', words))).toEqual([]);
  });

  it('says so when a failure was swallowed and the commit became a rollback', async () => {
    const tenant = newId();
    const attempt = database.withTenant(tenant, async (tx) => {
      await tx.query('insert', insert, [tenant, newId(), 'first']);
      await tx.query('fails', 'SELECT 1 / 0').catch(() => {});
    });
    await expect(attempt).rejects.toMatchObject({ code: 'transaction_rolled_back' });
  });
});

describe('withTenants', () => {
  it('commits the statements of 32 tenants together, each under its own tenant', async () => {
    const tenants = Array.from({ length: 32 }, newId);
    const groups = new Map(
      tenants.map((tenant) => [tenant, [
        { name: 'insert', text: insert, values: [tenant, newId(), `of ${tenant}`] },
        { name: 'words', text: words },
      ]]),
    );
    const rows = await database.withTenants(groups);
    for (const tenant of tenants) expect(rows.get(tenant)).toEqual([[], [{ words: `of ${tenant}` }]]);
  });

  it('keeps nothing of any tenant when one statement fails, and names that failure', async () => {
    const [a, b] = [newId(), newId()].sort() as [string, string];
    const groups = new Map([
      [a, [{ name: 'insert', text: insert, values: [a, newId(), 'fine'] }]],
      [b, [{ name: 'fails', text: 'SELECT 1 / 0' }, { name: 'words', text: words }]],
    ]);
    await expect(database.withTenants(groups)).rejects.toMatchObject({ cause: { code: '22012' } });
    expect(await database.withTenant(a, (tx) => tx.query('words', words))).toEqual([]);
  });
});

describe('query', () => {
  it('reads bigint as a number, and refuses one that a number cannot hold', async () => {
    expect(await database.query('big', 'SELECT 9007199254740991::bigint AS n')).toEqual([{ n: 9007199254740991 }]);
    await expect(database.query('too_big', 'SELECT 9007199254740993::bigint AS n')).rejects.toMatchObject({ cause: expect.any(RangeError) });
    expect(await database.query('big', 'SELECT 9007199254740991::bigint AS n')).toHaveLength(1);
  });

  it('passes array literals on exactly', async () => {
    const texts = ['', 'null', 'a,b', '"quoted"', 'back\\slash', '{}', 'ü 你好', 'line\nbreak', undefined];
    const rows = await database.query<{ texts: (string | null)[]; numbers: number[] }>('arrays', 'SELECT $1::text[] AS texts, $2::int[] AS numbers', [textArray(texts), plainArray([3, -4])]);
    expect(rows).toEqual([{ texts: texts.map((text) => text ?? null), numbers: [3, -4] }]);
  });

  it('gives up on a statement that takes too long, and serves the next', async () => {
    const impatient = Database.connect({ url: postgres.url, applicationName: 'impatient', max: 1, statementTimeoutMs: 50 });
    await expect(impatient.query('slow', 'SELECT pg_sleep(5)')).rejects.toMatchObject({ code: 'database_timeout', isRetryable: true });
    await impatient.ping();
    await impatient.close();
  });
});

describe('a connection that breaks', () => {
  it('fails what is under way as retryable, and the next transaction gets another', async () => {
    const tenant = newId();
    const attempt = database.withTenant(tenant, async (tx) => {
      const [backend] = await tx.query<{ pid: number }>('pid', 'SELECT pg_backend_pid() AS pid');
      await asAdmin((admin) => admin.query('SELECT pg_terminate_backend($1)', [backend?.pid]));
      return tx.query('words', words);
    });
    await expect(attempt).rejects.toMatchObject({ code: 'database_unavailable', isRetryable: true });
    expect(await database.withTenant(tenant, (tx) => tx.query('words', words))).toEqual([]);
  });

  it('is told when it was idle, and ends nothing', async () => {
    const told: string[] = [];
    const idle = Database.connect({ url: postgres.url, applicationName: 'idle', onIdleError: (error) => told.push(error.code) });
    await idle.ping();
    await asAdmin((admin) => admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idle'"));
    await expect.poll(() => told).toEqual(['database_unavailable']);
    await idle.ping();
    await idle.close();
  });

  it('is reported as unavailable when nobody listens', async () => {
    const nowhere = Database.connect({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'nowhere' });
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'database_unavailable', isRetryable: true });
    await expect(nowhere.withTenant(newId(), async () => 1)).rejects.toMatchObject({ code: 'database_unavailable' });
    await nowhere.close();
    await nowhere.close();
  });
});

async function asAdmin(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await work(client);
  await client.end();
}
