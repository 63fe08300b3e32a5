import { createHash } from 'node:crypto';
import { KeyKind, SettingsChanged_Kind } from '@nexus/contracts';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_TENANT_ID, DEV_SECRET, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';

const postgres = postgresTest();
let service: SettingsUnderTest;

beforeAll(async () => {
  service = await startSettings(postgres.url);
});
afterAll(() => service.stop());

const sha256 = (secret: string) => createHash('sha256').update(secret).digest();
const codeOf = (call: Promise<unknown>) => call.then(() => 'no error', (error: unknown) => fromConnectError(error).code);

describe('keys', () => {
  it('makes a key whose secret opens the API, and stores no secret', async () => {
    const { key, secret } = await service.settings(DEV_SECRET).createKey({ name: 'laptop', kind: KeyKind.API, client: 'acme', project: 'web' });
    expect(secret).toMatch(/^nxs_[\w-]{43}$/);
    expect(key).toMatchObject({ name: 'laptop', kind: KeyKind.API, client: 'acme', project: 'web', isAdmin: false, revokedAt: 0n });
    expect(secret.startsWith(key?.prefix ?? '?')).toBe(true);
    expect(await codeOf(service.settings(secret).getConfig({}))).toBe('no error');
    const rows = await service.database.withTenant(DEVELOPMENT_TENANT_ID, (tx) => tx.query('all', 'SELECT * FROM settings.api_key'));
    const audits = await service.database.withTenant(DEVELOPMENT_TENANT_ID, (tx) => tx.query('audits', 'SELECT * FROM settings.audit'));
    expect(JSON.stringify([rows, audits])).not.toContain(secret);
  });

  it('refuses a revoked key at once, and says who revoked it', async () => {
    const admin = service.settings(DEV_SECRET);
    const { key, secret } = await admin.createKey({ name: 'lost phone', kind: KeyKind.API });
    const mine = service.settings(secret);
    await mine.getConfig({});
    const revoked = await admin.revokeKey({ id: key?.id ?? '' });
    expect(revoked.key?.revokedAt).toBeGreaterThan(0n);
    await expect.poll(() => codeOf(mine.getConfig({}))).toBe('invalid_key');
    expect((await admin.revokeKey({ id: key?.id ?? '' })).key?.revokedAt).toBe(revoked.key?.revokedAt);
    await expect.poll(() => service.changes.filter(({ payload }) => payload.name === key?.id)).toHaveLength(2);
    const audits = await service.database.withTenant(DEVELOPMENT_TENANT_ID, (tx) =>
      tx.query<{ action: string; actor: string }>('audits_of', 'SELECT action, actor FROM settings.audit WHERE subject = $1 ORDER BY at', [key?.id]));
    expect(audits.map((entry) => entry.action)).toEqual(['key.created', 'key.revoked']);
    expect(audits.every((entry) => entry.actor.startsWith('key:'))).toBe(true);
  });

  it('keeps the last admin key, also against two who revoke at the same time', async () => {
    const admin = service.settings(DEV_SECRET);
    const second = await admin.createKey({ name: 'second admin', kind: KeyKind.API, isAdmin: true });
    const { keys } = await admin.listKeys({});
    const admins = keys.filter((key) => key.isAdmin && key.revokedAt === 0n);
    expect(admins).toHaveLength(2);
    const outcomes = await Promise.all(admins.map((key) => codeOf(service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).revokeKey({ id: key.id }))));
    expect(outcomes.sort()).toEqual(['last_admin_key', 'no error']);
    // Whoever won: the development secret is an admin again after a start.
    expect(second.secret).not.toBe('');
  });

  it('answers what is wrong with a key that is asked for', async () => {
    const as = service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID);
    await expect(as.createKey({ name: '', kind: KeyKind.API }).catch((error: unknown) => Promise.reject(fromConnectError(error)))).rejects.toMatchObject({ code: 'invalid_key_request', param: 'name', status: 400 });
    expect(await codeOf(as.createKey({ name: 'x' }))).toBe('invalid_key_request');
    expect(await codeOf(as.revokeKey({ id: 'no-uuid' }))).toBe('key_not_found');
    expect(await codeOf(as.revokeKey({ id: '0190d8a0-0000-7000-8000-00000000dead' }))).toBe('key_not_found');
    expect(await codeOf(service.settings(SERVICE_TOKEN, '0190d8a0-0000-7000-8000-00000000dead').createKey({ name: 'x', kind: KeyKind.API }))).toBe('tenant_not_found');
  });
});

describe('the directory', () => {
  it('tells services whose key a hash is, and nobody else', async () => {
    const service_ = service.directory(SERVICE_TOKEN);
    const made = await service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).createKey({ name: 'bot', kind: KeyKind.SURFACE, surfaces: ['telegram'] });
    expect(await service_.resolveKey({ hash: sha256(made.secret) })).toMatchObject({ tenantId: DEVELOPMENT_TENANT_ID, key: { id: made.key?.id, surfaces: ['telegram'] } });
    expect((await service_.resolveKey({ hash: sha256('nxs_unknown') })).key).toBeUndefined();
    const plain = await service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).createKey({ name: 'plain', kind: KeyKind.API });
    expect(await codeOf(service.directory(plain.secret).resolveKey({ hash: sha256(made.secret) }))).toBe('service_required');
    expect(await codeOf(service.settings(made.secret).getConfig({}))).toBe('key_not_allowed');
  });
});

describe('rights', () => {
  it('let a plain key read and not change', async () => {
    const { secret } = await service.settings(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).createKey({ name: 'reader', kind: KeyKind.API });
    const plain = service.settings(secret);
    expect(await codeOf(plain.getConfig({}))).toBe('no error');
    expect(await codeOf(plain.listTools({}))).toBe('no error');
    for (const change of [plain.updateConfig({ values: { a: '1' } }), plain.createKey({ name: 'x', kind: KeyKind.API }), plain.listKeys({}), plain.revokeKey({ id: 'x' }), plain.setToolState({ tool: 'math_solver' }), plain.setProviderState({ provider: 'demo' })]) {
      expect(await codeOf(change)).toBe('admin_required');
    }
    expect(await codeOf(service.settings('nxs_wrong').getConfig({}))).toBe('invalid_key');
    expect(await codeOf(service.settings(SERVICE_TOKEN).getConfig({}))).toBe('tenant_required');
  });
});

it('counts changes of keys as changes of keys', () => {
  expect(service.changes.length).toBeGreaterThan(0);
  expect(service.changes.every(({ payload }) => payload.kind === SettingsChanged_Kind.KEY)).toBe(true);
});
