import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { ToolService } from '@nexus/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromConnectError } from '../src/index.js';
import { SERVICE_TOKEN, TENANT_A, startTestService } from './test-service.js';

let service: Awaited<ReturnType<typeof startTestService>>;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

/** The name that the handler answers with, or the code of the error. */
async function call(headers: Record<string, string>): Promise<string> {
  const client = createClient(ToolService, createGrpcTransport({ baseUrl: service.url }));
  try {
    const { tools } = await client.listTools({}, { headers });
    return tools[0]?.definition?.name ?? '';
  } catch (error) {
    return fromConnectError(error).code;
  }
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const withTenant = { ...bearer(SERVICE_TOKEN), 'x-nexus-tenant': TENANT_A };

describe('who may call what', () => {
  it.each([
    // wish, headers, answer
    ['tenant', {}, 'unauthenticated'],
    ['tenant', { authorization: 'Basic abc' }, 'unauthenticated'],
    ['tenant', bearer('nxs_unknown'), 'invalid_key'],
    ['tenant', bearer('nxs_surface'), 'key_not_allowed'],
    ['tenant', bearer('nxs_plain'), TENANT_A],
    ['tenant', { ...bearer('nxs_plain'), 'x-nexus-tenant': '0190d8a0-0000-7000-8000-00000000000b' }, TENANT_A],
    ['tenant', withTenant, TENANT_A],
    ['tenant', bearer(SERVICE_TOKEN), 'tenant_required'],
    ['tenant', { ...bearer(SERVICE_TOKEN), 'x-nexus-tenant': 'acme' }, 'invalid_tenant'],
    ['tenant', bearer(`${SERVICE_TOKEN}x`), 'invalid_key'],
    ['admin', bearer('nxs_plain'), 'admin_required'],
    ['admin', bearer('nxs_admin'), 'key'],
    ['admin', withTenant, 'service'],
    ['service', bearer('nxs_admin'), 'service_required'],
    ['service', bearer(SERVICE_TOKEN), 'service'],
  ])('a call that needs a %s with %o answers %s', async (wish, headers, answer) => {
    expect(await call({ ...headers, 'x-test': wish })).toBe(answer);
  });

  it('is refused before the body is read', async () => {
    const response = await fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'not json' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('errors', () => {
  const transport = () => createGrpcTransport({ baseUrl: service.url });

  it('arrive as the AppError they were', async () => {
    const failed = createClient(ToolService, transport()).listTools({}, { headers: { ...withTenant, 'x-test': 'app-error' } });
    const error = await failed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: 'The tool is broken.' });
    expect(fromConnectError(error)).toMatchObject({ code: 'tool_broken', message: 'The tool is broken.', status: 429, isRetryable: true, param: 'tool', retryAfterMs: 1_500 });
  });

  it('say nothing of what went wrong inside', async () => {
    const response = await fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, {
      method: 'POST', headers: { ...withTenant, 'content-type': 'application/json', 'x-test': 'crash', 'x-request-id': 'req-7' }, body: '{}',
    });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(response.headers.get('x-request-id')).toBe('req-7');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(' at ');
    expect(JSON.parse(text)).toMatchObject({ code: 'internal' });
  });

  it('carry a request id also when the caller sent none or a harmful one', async () => {
    const ask = (id?: string) => fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, { method: 'POST', headers: { 'content-type': 'application/json', ...(id === undefined ? {} : { 'x-request-id': id }) }, body: '{}' });
    expect((await ask()).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await ask('<script>')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('name retry-after in seconds for whoever reads HTTP', async () => {
    const response = await fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, {
      method: 'POST', headers: { ...withTenant, 'content-type': 'application/json', 'x-test': 'app-error' }, body: '{}',
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('2');
  });

  it('refuse a message that is too large once unpacked, and answer the next', async () => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync(Buffer.alloc(17 * 1_048_576, ' '));
    const response = await fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, {
      method: 'POST', headers: { ...withTenant, 'content-type': 'application/json', 'content-encoding': 'gzip' }, body,
    });
    expect(response.status).toBe(429);
    expect(await call(withTenant)).toBe('math_solver');
  });
});
