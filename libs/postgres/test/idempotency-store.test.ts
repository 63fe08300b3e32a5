import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { IdempotencyStore, checkCatalogue, idempotencyMigration, migrate, type Database, type KeyedCall } from '../src/index.js';
import { connectSample, migrations, SCHEMA } from './fixture.js';

const postgres = postgresTest();
let database: Database;
let admin: Client;
let store: IdempotencyStore;
beforeAll(async () => {
  await migrate({ adminUrl: postgres.url, schema: SCHEMA, migrations: [...migrations, idempotencyMigration(SCHEMA)] });
  database = await connectSample(postgres.url);
  store = new IdempotencyStore(database, SCHEMA);
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.close();
});

const call = (more: Partial<KeyedCall> = {}): KeyedCall => ({ tenantId: newId(), id: newId(), method: 'a.B/C', requestHash: Buffer.from('one'), seed: Buffer.from(newId()), ...more });

async function begun(of: KeyedCall, from = store) {
  const state = await from.begin(of);
  if (state.kind !== 'begun') throw new Error(`the call is ${state.kind}`);
  return state;
}

it('lets the first of many at once carry the call out, and says to the others that it is in flight', async () => {
  const of = call();
  const states = await Promise.all([1, 2, 3, 4, 5].map(() => store.begin(of)));
  expect(states.map(({ kind }) => kind).sort()).toEqual(['begun', 'in_flight', 'in_flight', 'in_flight', 'in_flight']);
});

it('gives the answer again, and refuses another request under the same key before and after', async () => {
  const of = call();
  const other = { ...of, requestHash: Buffer.from('two') };
  const { holder } = await begun(of);
  expect(await store.begin(other)).toEqual({ kind: 'other_request' });
  expect(await store.finish(of, holder, Buffer.from('answer'))).toBe(true);
  expect(await store.begin(of)).toEqual({ kind: 'answered', response: Buffer.from('answer') });
  expect(await store.begin(other)).toEqual({ kind: 'other_request' });
});

it('lets another execution take over from one that is not heard of, with the same seed, and takes nothing from the late one', async () => {
  const short = new IdempotencyStore(database, SCHEMA, 50);
  const of = call();
  const first = await begun(of, short);
  expect(await store.begin(of)).toEqual({ kind: 'in_flight' });
  await expect.poll(() => store.begin({ ...of, seed: Buffer.from('another') }), { timeout: 5_000 }).toMatchObject({ kind: 'begun', seed: of.seed });
  expect(await short.finish(of, first.holder, Buffer.from('late'))).toBe(false);
  expect(await short.renew(of, first.holder)).toBe(false);
  expect(await store.begin(of)).toEqual({ kind: 'in_flight' });
});

it('is held for as long as its execution says that it goes on', async () => {
  const short = new IdempotencyStore(database, SCHEMA, 1);
  const of = call();
  const { holder } = await begun(of, short);
  expect(await store.renew(of, holder)).toBe(true);
  expect(await store.begin(of)).toEqual({ kind: 'in_flight' });
});

it('begins again at once after a failure, with the same seed', async () => {
  const of = call();
  const first = await begun(of);
  expect(await store.release(of, first.holder)).toBe(true);
  expect(await store.begin({ ...of, requestHash: Buffer.from('two') })).toEqual({ kind: 'other_request' });
  expect((await begun({ ...of, seed: Buffer.from('another') })).seed).toEqual(of.seed);
});

it('frees the key of a call that was refused', async () => {
  const of = call();
  const { holder } = await begun(of);
  expect(await store.forget(of, holder)).toBe(true);
  expect((await begun({ ...of, requestHash: Buffer.from('two') })).kind).toBe('begun');
});

it('forgets what is older than seven days, of every tenant, also before it is pruned', async () => {
  const [of, other, young] = [call(), call(), call()];
  for (const each of [of, other, young]) await store.finish(each, (await begun(each)).holder, Buffer.from('answer'));
  await admin.query("UPDATE sample.idempotency_key SET expires_at = expires_at - interval '7 days' WHERE id = ANY ($1)", [[of.id, other.id]]);
  expect((await begun({ ...of, requestHash: Buffer.from('two') })).kind).toBe('begun');
  expect(await store.prune()).toBe(1);
  const { rows } = await admin.query<{ id: string }>('SELECT id FROM sample.idempotency_key WHERE id = ANY ($1)', [[of.id, other.id, young.id]]);
  expect(rows.map(({ id }) => id).sort()).toEqual([of.id, young.id].sort());
});

it('keeps to the rules of the catalogue', async () => {
  expect(await checkCatalogue(admin, [SCHEMA])).toEqual([]);
});
