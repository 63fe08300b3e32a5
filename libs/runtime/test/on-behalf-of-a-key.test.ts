import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { KeyKind, KeySchema, ToolService } from '@nexus/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asKey, fromConnectError } from '../src/index.js';
import { SERVICE_TOKEN, TENANT_A, startTestService } from './test-service.js';

let service: Awaited<ReturnType<typeof startTestService>>;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const plain = create(KeySchema, { id: 'key-plain', kind: KeyKind.API, client: 'acme' });
const admin = create(KeySchema, { ...plain, id: 'key-admin', isAdmin: true });

/** Calls with this bearer token and the headers of asKey(). */
async function ask(token: string, key: typeof plain, wish: string): Promise<string | undefined> {
  const client = createClient(ToolService, createConnectTransport({ baseUrl: service.url, httpVersion: '2' }));
  const headers = new Headers(asKey(TENANT_A, key).headers);
  headers.set('authorization', `Bearer ${token}`);
  headers.set('x-test', wish);
  const { tools } = await client.listTools({}, { headers });
  return tools[0]?.definition?.name;
}

describe('a service that speaks for the caller of a key', () => {
  it('may do what the key may do, and no more', async () => {
    expect(await ask(SERVICE_TOKEN, plain, 'tenant')).toBe(TENANT_A);
    expect(await ask(SERVICE_TOKEN, admin, 'admin')).toBe('key');
    const refused = await ask(SERVICE_TOKEN, plain, 'admin').catch(fromConnectError);
    expect(refused).toMatchObject({ code: 'admin_required', status: 403 });
    const notAService = await ask(SERVICE_TOKEN, admin, 'service').catch(fromConnectError);
    expect(notAService).toMatchObject({ code: 'service_required' });
  });

  it('is believed by its service token only: a caller cannot name another key', async () => {
    const refused = await ask('nxs_plain', admin, 'admin').catch(fromConnectError);
    expect(refused).toMatchObject({ code: 'admin_required', status: 403 });
  });
});
