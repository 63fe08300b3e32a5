import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

type Json = Record<string, unknown>;
async function json(path: string, options?: Parameters<GatewayUnderTest['call']>[1]): Promise<Json & { status_code: number }> {
  const response = await gateway.call(path, options);
  return { ...((await response.json()) as Json), status_code: response.status };
}
const newThread = (title = 'a thread', options: object = {}) => json('/v1/threads', { body: { title }, ...options }) as Promise<Json & { id: string; status_code: number }>;

describe('/v1/threads', () => {
  it('creates a thread, once for the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'thread-once' };
    const thread = await newThread('Plans', { headers });
    expect(thread).toMatchObject({ status_code: 201, object: 'thread', title: 'Plans', surface: 'api', archived_at: null });
    expect((await newThread('Plans', { headers })).id).toBe(thread.id);
    expect((await newThread('Plans')).id).not.toBe(thread.id);
    expect(await json('/v1/threads', { method: 'POST' })).toMatchObject({ status_code: 201, title: '' });
  });

  it('lists them in pages', async () => {
    for (const title of ['one', 'two', 'three']) await newThread(title, { key: 'nx_b_user' });
    const first = await json('/v1/threads?limit=2', { key: 'nx_b_user' });
    expect(first).toMatchObject({ object: 'list', has_more: true, data: [{ title: 'three' }, { title: 'two' }] });
    const second = await json(`/v1/threads?limit=2&after=${String(first['last_id'])}`, { key: 'nx_b_user' });
    expect(second).toMatchObject({ has_more: false, data: [{ title: 'one' }] });
  });

  it('renames and archives', async () => {
    const { id } = await newThread();
    expect(await json(`/v1/threads/${id}`, { method: 'PATCH', body: { title: 'renamed' } })).toMatchObject({ status_code: 200, title: 'renamed', archived_at: null });
    expect(await json(`/v1/threads/${id}`, { method: 'PATCH', body: { archived: true } })).toMatchObject({ title: 'renamed', archived_at: 1_763_600_001 });
    expect(await json(`/v1/threads/${id}`)).toMatchObject({ id, title: 'renamed' });
  });

  it('gives messages in the words of OpenAI', async () => {
    const { id } = await newThread();
    expect(await json(`/v1/threads/${id}/messages`)).toMatchObject({
      object: 'list', has_more: false, first_id: 'run-1.1', last_id: 'run-1.2',
      data: [{ object: 'thread.message', thread_id: id, role: 'user', content: 'hello' }, { role: 'assistant', content: 'hi there', run_id: 'run-1' }],
    });
  });

  it("knows nothing of another tenant's thread", async () => {
    const { id } = await newThread();
    for (const path of [`/v1/threads/${id}`, `/v1/threads/${id}/messages`]) {
      expect(await json(path, { key: 'nx_b_user' })).toMatchObject({ status_code: 404, error: { code: 'thread_not_found', type: 'invalid_request_error' } });
    }
    expect(await json(`/v1/threads/${id}/runs`, { key: 'nx_b_user', body: { content: 'hi' } })).toMatchObject({ status_code: 404 });
  });

  it.each<[string, Parameters<GatewayUnderTest['call']>[1], string]>([
    ['/v1/threads', { body: { titel: 'x' } }, 'titel'],
    ['/v1/threads', { body: { title: 4 } }, 'title'],
    ['/v1/threads?limit=0', {}, 'limit'],
    ['/v1/threads?limit=many', {}, 'limit'],
    ['/v1/threads?include_archived=1', {}, 'include_archived'],
    ['/v1/threads/x', { method: 'PATCH', body: { archived: 'yes' } }, 'archived'],
    ['/v1/threads/x/runs', { body: {} }, 'content'],
    ['/v1/threads/x/runs', { body: { content: 'a', stream: 'yes' } }, 'stream'],
    ['/v1/runs/x?include=all', {}, 'include'],
  ])('refuses a wrong input to %s and names it', async (path, options, param) => {
    expect(await json(path, options)).toMatchObject({ status_code: 400, error: { param, type: 'invalid_request_error' } });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain'])('reads a body that is called %s as the JSON that it is', async (type) => {
    expect(await json('/v1/threads', { body: '{"title":"Plans"}', headers: { 'content-type': type } })).toMatchObject({ title: 'Plans' });
    expect(await json('/v1/threads', { body: 'title=Plans', headers: { 'content-type': type } })).toMatchObject({ status_code: 400, error: { code: 'invalid_json' } });
  });

  it('refuses a change that changes nothing, and a body that is no JSON', async () => {
    const { id } = await newThread();
    expect(await json(`/v1/threads/${id}`, { method: 'PATCH', body: {} })).toMatchObject({ status_code: 400 });
    expect(await json('/v1/threads', { body: '{' })).toMatchObject({ status_code: 400, error: { code: 'invalid_json' } });
  });
});

describe('paths', () => {
  it.each<[string, string, number, string]>([
    ['GET', '/', 404, 'not_found'],
    ['GET', '/v1', 404, 'not_found'],
    ['GET', '/v1/nothing?x=1', 404, 'not_found'],
    ['POST', '/v1/models', 405, 'method_not_allowed'],
    ['DELETE', '/v1/models/openai/gpt-4o', 405, 'method_not_allowed'],
    ['PUT', '/v1/threads', 405, 'method_not_allowed'],
    ['DELETE', '/v1/threads/x', 405, 'method_not_allowed'],
    ['POST', '/v1/threads/x/messages', 405, 'method_not_allowed'],
    ['GET', '/v1/threads/x/runs', 405, 'method_not_allowed'],
    ['DELETE', '/v1/threads/x/runs/y', 405, 'method_not_allowed'],
    ['POST', '/v1/runs/y/stream', 405, 'method_not_allowed'],
    ['GET', '/v1/runs/y/cancel', 405, 'method_not_allowed'],
    ['OPTIONS', '/v1/models', 405, 'method_not_allowed'],
  ])('%s %s is answered with %i', async (method, path, status, code) => {
    const response = await gateway.call(path, { method });
    expect(response.status).toBe(status);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/GET|POST/);
    expect(await response.json()).toMatchObject({ error: { code, type: 'invalid_request_error', param: null } });
  });

  it.each(['/', '/v1/models', '/v1/nothing', '/v1/threads', '/v1/runs/x/stream'])('%s needs a key', async (path) => {
    expect(await json(path, { key: '' })).toMatchObject({ status_code: 401, error: { code: 'invalid_api_key' } });
  });

  it('are open for health only', async () => {
    for (const path of ['/health/live', '/health/ready']) expect(await json(path, { key: '' })).toMatchObject({ status_code: 200, status: 'ok' });
  });

  it('tell no browser to go ahead', async () => {
    const response = await gateway.call('/v1/models', { headers: { origin: 'https://app.example.com' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('with NEXUS_CORS_ORIGINS', () => {
  const own = redisTest();
  it('pages of those origins may call, others may not', async () => {
    const open = await startGateway(own, { NEXUS_CORS_ORIGINS: 'https://app.example.com, http://localhost:3000' });
    const preflight = (origin: string) => open.call('/v1/models', { key: '', method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });
    expect((await preflight('https://app.example.com')).status).toBe(204);
    expect((await preflight('https://evil.example.com')).status).toBe(401);
    const answer = await open.call('/v1/models', { headers: { origin: 'http://localhost:3000' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect((await open.call('/v1/models', { key: '', headers: { origin: 'http://localhost:3000' } })).status).toBe(401);
    await open.stop();
  });
});
