import { SettingsChanged_Kind } from '@nexus/contracts';
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

const codeOf = (call: Promise<unknown>) => call.then(() => 'no error', (error: unknown) => fromConnectError(error).code);

describe('configuration', () => {
  it('keeps JSON as it was written, removes what is set to nothing, and tells the others', async () => {
    const admin = service.settings(DEV_SECRET);
    const text = '{"steps": 8, "limit": 12345678901234567890}';
    await admin.updateConfig({ values: { 'agent.limits': text, 'agent.default.model': '"demo"', 'other.thing': 'true' } });
    expect((await admin.getConfig({ prefix: 'agent.' })).values).toEqual({ 'agent.limits': text, 'agent.default.model': '"demo"' });
    await admin.updateConfig({ values: { 'agent.limits': '' } });
    expect((await admin.getConfig({})).values).toEqual({ 'agent.default.model': '"demo"', 'other.thing': 'true' });
    await expect.poll(() => service.changes.map(({ payload }) => [payload.kind, payload.name])).toContainEqual([SettingsChanged_Kind.CONFIG, 'agent.limits']);
  });

  it('tells nobody and keeps no audit when nothing changes', async () => {
    const admin = service.settings(DEV_SECRET);
    await admin.updateConfig({ values: { 'quiet.key': '1' } });
    const before = await auditCount();
    await admin.updateConfig({ values: { 'quiet.key': '1' } });
    expect(await auditCount()).toBe(before);
  });

  it('refuses what is no JSON, and takes the next change', async () => {
    const admin = service.settings(DEV_SECRET);
    expect(await codeOf(admin.updateConfig({ values: { 'agent.model': 'demo' } }))).toBe('invalid_config');
    expect(await codeOf(admin.updateConfig({ values: { 'agent.model': '"demo"' } }))).toBe('no error');
  });
});

describe('what is switched off', () => {
  it('is merged into what the other services offer', async () => {
    const admin = service.settings(DEV_SECRET);
    await admin.setToolState({ tool: 'load_web_page', enabled: false });
    await admin.setProviderState({ provider: 'openai', enabled: false });
    expect((await admin.listTools({})).tools.map(({ tool, enabled }) => [tool?.definition?.name, enabled])).toEqual([['math_solver', true], ['load_web_page', false]]);
    expect((await admin.listProviders({})).providers.map(({ status, enabled }) => [status?.name, enabled])).toEqual([['demo', true], ['openai', false]]);
    expect(await service.directory(SERVICE_TOKEN, DEVELOPMENT_TENANT_ID).getTenantSettings({})).toMatchObject({ disabledTools: ['load_web_page'], disabledProviders: ['openai'] });
    await admin.setToolState({ tool: 'load_web_page', enabled: true });
    expect((await admin.listTools({})).tools.every(({ enabled }) => enabled)).toBe(true);
  });

  it('is refused for what nobody knows, with the names there are', async () => {
    const call = service.settings(DEV_SECRET).setToolState({ tool: 'rm', enabled: false });
    await expect(call.catch((error: unknown) => Promise.reject(fromConnectError(error)))).rejects.toMatchObject({ code: 'tool_not_found', message: expect.stringContaining('math_solver') });
  });

  it('can be switched off while the service that knows the names is down', async () => {
    const alone = await startSettings(postgres.url, { neighboursAnswer: false });
    expect(await codeOf(alone.settings(DEV_SECRET).setProviderState({ provider: 'demo', enabled: false }))).toBe('no error');
    expect(await codeOf(alone.settings(DEV_SECRET).listProviders({}))).toBe('unavailable');
    await alone.stop();
  });

  it('is nothing for a tenant that is not known', async () => {
    expect(await service.directory(SERVICE_TOKEN, '0190d8a0-0000-7000-8000-00000000dead').getTenantSettings({})).toMatchObject({ config: {}, disabledTools: [] });
  });
});

async function auditCount(): Promise<number> {
  const [row] = await service.database.withTenant(DEVELOPMENT_TENANT_ID, (tx) => tx.query<{ count: number }>('audit_count', 'SELECT count(*)::int AS count FROM settings.audit'));
  return row?.count ?? -1;
}
