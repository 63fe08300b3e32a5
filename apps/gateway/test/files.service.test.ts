import { newId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway?.stop());

interface FileJson { readonly id: string; readonly uri: string; readonly name: string }

function put(content: string | Uint8Array, headers: Record<string, string> = {}, key = 'nx_a_user'): Promise<Response> {
  return fetch(`${gateway.url}/files`, { method: 'POST', body: typeof content === 'string' ? content : new Uint8Array(content), headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain', ...headers } });
}

describe('POST /files', () => {
  it('stores the body as it came, under the name that the header says, for surface keys too', async () => {
    for (const key of ['nx_a_user', 'nx_a_surface']) {
      const response = await put('Grüße', { 'x-file-name': encodeURIComponent('Grüße.txt') }, key);
      expect(response.status).toBe(201);
      const file = (await response.json()) as FileJson;
      expect(file).toEqual({ id: file.id, object: 'file', uri: `nexus:file/${file.id}`, name: 'Grüße.txt', media_type: 'text/plain', bytes: 7, created_at: 1_763_600_000, expires_at: 1_766_192_000 });
      const got = await gateway.call(`/files/${file.id}`, { key });
      expect(await got.text()).toBe('Grüße');
      expect(Object.fromEntries(['content-type', 'content-disposition', 'x-content-type-options', 'content-length'].map((name) => [name, got.headers.get(name)]))).toEqual({
        'content-type': 'text/plain; charset=utf-8', 'content-disposition': `attachment; filename="Gr__e.txt"; filename*=UTF-8''${encodeURIComponent('Grüße.txt')}`, 'x-content-type-options': 'nosniff', 'content-length': '7',
      });
    }
  });

  it('gives the same file under the same Idempotency-Key of the same API key, and no other content', async () => {
    const key = newId();
    const [first, again] = [await put('one', { 'idempotency-key': key }), await put('one', { 'idempotency-key': key })];
    expect(await again.json()).toEqual(await first.json());
    expect((await put('two', { 'idempotency-key': key })).status).toBe(422);
    expect((await put('two', { 'idempotency-key': key }, 'nx_a_surface')).status).toBe(201);
  });

  it('takes 20 MiB, and no more', async () => {
    const most = new Uint8Array(20 * 1_048_576).fill(7);
    const response = await put(most);
    expect(response.status).toBe(201);
    const got = await gateway.call(`/files/${((await response.json()) as FileJson).id}`);
    expect(Buffer.from(await got.arrayBuffer()).equals(most)).toBe(true);
    const tooLarge = await put(new Uint8Array(20 * 1_048_576 + 1));
    expect(tooLarge.status).toBe(413);
    expect(await tooLarge.json()).toMatchObject({ error: { code: 'file_too_large' } });
  });

  it.each([
    [{ 'content-type': 'multipart/form-data; boundary=x' }, 415, 'unsupported_media_type'],
    [{ 'x-file-name': '%E0%A4' }, 400, 'invalid_value'],
    [{ authorization: 'Bearer nx_wrong' }, 401, 'invalid_api_key'],
  ])('refuses %j', async (headers, status, code) => {
    const response = await put('x', headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  it('refuses a file without content', async () => {
    expect((await put('')).status).toBe(400);
  });
});

describe('GET /files/{file_id}', () => {
  it('knows no file of another tenant, and none that is not there', async () => {
    const { id } = (await (await put('mine')).json()) as FileJson;
    for (const [key, file] of [['nx_b_user', id], ['nx_a_user', newId()], ['nx_a_user', 'x']] as const) {
      const response = await gateway.call(`/files/${file}`, { key });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'file_not_found' } });
    }
  });
});
