import { memoryBus } from '@nexus/channels';
import { create } from '@bufbuild/protobuf';
import { SettingsChangedSchema, SettingsChanged_Kind } from '@nexus/contracts';
import { newTrace } from '@nexus/core';
import { afterEach, describe, expect, it } from 'vitest';
import { KEY_RESOLVER, TENANT_SETTINGS, asTenant, startService, type KeyResolver, type RunningService, type TenantSettingsCache } from '../src/index.js';
import { TENANT_A, startTestService, testDefinition, testDirectory, testInfrastructure } from './test-service.js';

const running: RunningService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

describe('ServiceClients', () => {
  it('calls a service over HTTP/2, with the tenant, and fails with its AppErrors', async () => {
    const server = await startTestService();
    running.push(server);
    const { clients } = testInfrastructure({ url: server.url });
    const named = await clients.tools.listTools({}, withTest(asTenant(TENANT_A, newTrace()), 'tenant'));
    expect(named.tools[0]?.definition?.name).toBe(TENANT_A);
    await expect(clients.tools.listTools({}, withTest(asTenant(TENANT_A), 'app-error'))).rejects.toMatchObject({ name: 'AppError', code: 'tool_broken', status: 429, retryAfterMs: 1_500 });
    clients.close();
  });

  it('calls a service of the same process without a port, through the same gate', async () => {
    const infrastructure = testInfrastructure();
    running.push(await startService(testDefinition, infrastructure, { listen: false }));
    const named = await infrastructure.clients.tools.listTools({}, withTest(asTenant(TENANT_A), 'tenant'));
    expect(named.tools[0]?.definition?.name).toBe(TENANT_A);
    await expect(infrastructure.clients.tools.listTools({}, withTest({}, 'tenant'))).rejects.toMatchObject({ code: 'tenant_required' });
    await expect(infrastructure.clients.tools.listTools({}, withTest(asTenant(TENANT_A), 'crash'))).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('hunter2') });
  });

  it('says that a service does not answer, as an error that may be retried', async () => {
    const { clients } = testInfrastructure();
    await expect(clients.usage.getUsage({}, asTenant(TENANT_A))).rejects.toMatchObject({ code: 'unavailable', status: 503, isRetryable: true });
  });

  it('gives up when the deadline has passed', async () => {
    const infrastructure = testInfrastructure();
    running.push(await startService(testDefinition, infrastructure, { listen: false }));
    await expect(infrastructure.clients.tools.listTools({}, withTest(asTenant(TENANT_A, undefined, { timeoutMs: 50 }), 'hold'))).rejects.toMatchObject({ code: 'deadline_exceeded', status: 504 });
  });

  it('reconnects to a service that was restarted', async () => {
    const first = await startTestService();
    const { clients } = testInfrastructure({ url: first.url });
    await clients.tools.listTools({}, asTenant(TENANT_A));
    await first.stop();
    await expect(clients.tools.listTools({}, asTenant(TENANT_A))).rejects.toMatchObject({ code: 'unavailable' });
    const second = await startService(testDefinition, testInfrastructure(), { listen: true, port: Number(new URL(first.url).port) });
    running.push(second);
    await expect.poll(() => clients.tools.listTools({}, asTenant(TENANT_A)).then(({ tools }) => tools.length, () => 0)).toBe(1);
    clients.close();
  });
});

describe('what is kept in memory of settings', () => {
  it('is asked once, and again after settings.changed', async () => {
    const bus = memoryBus();
    const infrastructure = testInfrastructure({ bus });
    const directory = testDirectory();
    infrastructure.clients.offer('settings', directory.transport);
    const service = await startService(testDefinition, infrastructure, { listen: false });
    running.push(service);
    const keys = service.get<KeyResolver>(KEY_RESOLVER);
    await Promise.all([keys.resolve('nxs_plain'), keys.resolve('nxs_plain')]);
    expect(await keys.resolve('nxs_plain')).toMatchObject({ tenantId: TENANT_A, key: { id: 'key-plain' } });
    expect(directory.asked()).toBe(1);
    await bus.publish({ channel: 'settings.changed', id: 'c1', payload: create(SettingsChangedSchema, { tenantId: TENANT_A, kind: SettingsChanged_Kind.KEY }) });
    await expect.poll(async () => {
      await keys.resolve('nxs_plain');
      return directory.asked();
    }).toBe(2);
    expect((await service.get<TenantSettingsCache>(TENANT_SETTINGS).get(TENANT_A)).disabledTools).toEqual(['load_web_page']);
  });
});

function withTest(options: { headers?: unknown }, wish: string): { headers: Headers } {
  const headers = new Headers(options.headers as Record<string, string>);
  headers.set('x-test', wish);
  return { ...options, headers };
}
