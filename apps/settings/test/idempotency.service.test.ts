import { KeyKind } from '@nexus/contracts';
import { AppError, armFailpoints, newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_TENANT_ID, DEV_SECRET, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';

const postgres = postgresTest();
let service: SettingsUnderTest;
let other: SettingsUnderTest;
let admin: Client;

beforeAll(async () => {
  service = await startSettings(postgres.url);
  other = await startSettings(postgres.url);
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await Promise.all([service.stop(), other.stop()]);
});
afterEach(() => armFailpoints(undefined));

const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
const errorOf = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => fromConnectError(error));
const laptop = { name: 'laptop', kind: KeyKind.API } as const;
const keysNamed = async (name: string) => (await admin.query<{ id: string }>('SELECT id FROM settings.api_key WHERE name = $1', [name])).rows;

describe('an idempotency key', () => {
  it('makes one key of a call that comes again, at whatever replica, with the same secret', async () => {
    const wish = { ...laptop, name: newId() };
    const first = await service.settings(DEV_SECRET).createKey(wish, keyed('make-one'));
    const second = await other.settings(DEV_SECRET).createKey(wish, keyed('make-one'));
    expect(second).toEqual(first);
    expect(await keysNamed(wish.name)).toHaveLength(1);
    expect(await errorOf(other.settings(first.secret).getConfig({}))).toBeUndefined();
  });

  it('stores no secret that can be read in the database', async () => {
    const { key, secret } = await service.settings(DEV_SECRET).createKey({ ...laptop, name: newId() }, keyed('sealed'));
    const { rows } = await admin.query<{ response: Buffer; seed: Buffer }>('SELECT * FROM settings.idempotency_key WHERE response IS NOT NULL');
    expect(rows.length).toBeGreaterThan(0);
    const shapes = [secret, secret.slice(4), key?.id ?? '?'].flatMap((text) => [Buffer.from(text), Buffer.from(text.slice(4), 'base64url')]);
    for (const { response, seed } of rows) for (const shape of shapes) expect(response.includes(shape) || seed.includes(shape)).toBe(false);
  });

  it('is refused for another request with 422, and after a refusal is free again', async () => {
    const settings = service.settings(DEV_SECRET);
    expect(await errorOf(settings.createKey({ ...laptop, name: '' }, keyed('typo')))).toMatchObject({ code: 'invalid_key_request' });
    const { key } = await settings.createKey(laptop, keyed('typo'));
    expect(await errorOf(settings.createKey({ ...laptop, client: 'acme' }, keyed('typo')))).toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect((await settings.createKey(laptop, keyed('typo'))).key?.id).toBe(key?.id);
  });

  it('is the same for a map in another order', async () => {
    const settings = service.settings(DEV_SECRET);
    const first = await settings.updateConfig({ values: { 'a.one': '1', 'a.two': '2' } }, keyed('map'));
    expect(await settings.updateConfig({ values: { 'a.two': '2', 'a.one': '1' } }, keyed('map'))).toEqual(first);
  });

  it('answers one of many at once, and the others with 409 or the same', async () => {
    const wish = { ...laptop, name: newId() };
    const calls = Array.from({ length: 8 }, (_, i) => (i % 2 ? service : other).settings(DEV_SECRET).createKey(wish, keyed('at-once')).then(({ secret }) => secret, (error: unknown) => fromConnectError(error)));
    const outcomes = await Promise.all(calls);
    const secrets = new Set(outcomes.filter((outcome) => typeof outcome === 'string'));
    expect(secrets.size).toBe(1);
    for (const outcome of outcomes) if (outcome instanceof AppError) expect(outcome).toMatchObject({ code: 'in_progress', status: 409, isRetryable: true, retryAfterMs: 1_000 });
    expect(await keysNamed(wish.name)).toHaveLength(1);
  });

  it('makes no second key, and gives the same secret, when the first execution failed after it had stored the key', async () => {
    const wish = { ...laptop, name: newId() };
    armFailpoints((name) => {
      if (name === 'settings.after-change') throw new Error('the reply of the commit was lost');
    });
    expect(await errorOf(service.settings(DEV_SECRET).createKey(wish, keyed('half-done')))).toMatchObject({ status: 500 });
    armFailpoints(undefined);
    expect(await keysNamed(wish.name)).toHaveLength(1);
    expect(await errorOf(other.settings(DEV_SECRET).createKey({ ...wish, client: 'acme' }, keyed('half-done')))).toMatchObject({ code: 'idempotency_key_reused' });
    const { key, secret } = await other.settings(DEV_SECRET).createKey(wish, keyed('half-done'));
    expect(await keysNamed(wish.name)).toEqual([{ id: key?.id }]);
    expect(await errorOf(service.settings(secret).getConfig({}))).toBeUndefined();
  });

  it('is taken over from an execution that died, and held by one that lives', async () => {
    const wish = { ...laptop, name: newId() };
    const first = await service.settings(DEV_SECRET).createKey(wish, keyed('died'));
    const died = "UPDATE settings.idempotency_key SET response = NULL, holder = gen_random_uuid(), held_until = now() + interval '1 minute' WHERE method LIKE '%CreateKey' AND created_at = (SELECT max(created_at) FROM settings.idempotency_key)";
    await admin.query(died);
    expect(await errorOf(other.settings(DEV_SECRET).createKey(wish, keyed('died')))).toMatchObject({ code: 'in_progress', status: 409 });
    await admin.query('UPDATE settings.idempotency_key SET held_until = now() WHERE response IS NULL');
    const again = await other.settings(DEV_SECRET).createKey(wish, keyed('died'));
    expect(again.secret).toBe(first.secret);
    expect(again.key?.id).toBe(first.key?.id);
  });

  it("tells one key's answer to no other key of the tenant", async () => {
    const admins = service.settings(DEV_SECRET);
    const { secret } = await admins.createKey({ ...laptop, name: newId() });
    const made = await admins.createKey(laptop, keyed('guessed'));
    expect(await errorOf(service.settings(secret).createKey(laptop, keyed('guessed')))).toMatchObject({ code: 'admin_required' });
    expect((await service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).createKey(laptop, keyed('guessed'))).key?.id).not.toBe(made.key?.id);
  });

  it('stores nothing for a read, and a key that nobody could have meant is refused', async () => {
    const before = await admin.query('SELECT count(*) FROM settings.idempotency_key');
    await service.settings(DEV_SECRET).getConfig({}, keyed('read'));
    expect((await admin.query('SELECT count(*) FROM settings.idempotency_key')).rows).toEqual(before.rows);
    expect(await errorOf(service.settings(DEV_SECRET).createKey(laptop, keyed('two words')))).toMatchObject({ code: 'invalid_value', status: 400, param: 'Idempotency-Key' });
  });
});
