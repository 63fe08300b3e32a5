import { create } from '@bufbuild/protobuf';
import { SettingsChangedSchema, SettingsChanged_Kind } from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis, { NEXUS_REQUEST_TIMEOUT_MS: '1500' });
});
afterAll(() => gateway.stop());

const messages = [{ role: 'user', content: 'what is the answer?' }];
const complete = (body: object, options: Parameters<GatewayUnderTest['call']>[1] = {}): Promise<Response> => gateway.call('/v1/chat/completions', { body: { model: 'gpt-4o', messages, ...body }, ...options });
const last = () => gateway.router.requests.at(-1);

async function errorOf(response: Response): Promise<{ status: number; code: string; param: string | null }> {
  const { error } = (await response.json()) as { error: { code: string; param: string | null } };
  return { status: response.status, code: error.code, param: error.param };
}

describe('a plain completion', () => {
  it('reaches the router as the client wrote it, with who pays and until when', async () => {
    const body = `{"model":"openai/gpt-4o","big":12345678901234567890,"messages":[{"role":"user","content":"caf\\u00e9 ☕"}], "unknown" : {"x":1}}`;
    await gateway.call('/v1/chat/completions', { body, headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
    const message = last();
    expect(Buffer.from(message?.payload.input.value as Uint8Array).toString()).toBe(body);
    expect(message).toMatchObject({
      tenantId: TENANT_A,
      replyTo: 'gateway.test-1',
      trace: { traceId: '0af7651916cd43dd8448eb211c80319c' },
      payload: { model: 'openai/gpt-4o', wantParts: false, attribution: { client: 'acme', project: 'site', keyId: 'key-user' } },
    });
    expect(Number(message?.payload.deadlineMs) - Date.now()).toBeGreaterThan(0);
  });

  it('takes its attempt id from the Idempotency-Key, so that a retry is not charged twice', async () => {
    const headers = { 'idempotency-key': 'order-4711' };
    await complete({}, { headers });
    const first = last()?.payload.attemptId;
    await complete({}, { headers });
    expect(last()?.payload.attemptId).toBe(first);
    expect(first).toBe(deterministicId(TENANT_A, 'completion', 'order-4711'));
    await complete({}, { headers, key: 'nx_b_user' });
    expect(last()?.payload.attemptId).not.toBe(first);
    expect(await errorOf(await complete({}, { headers: { 'idempotency-key': 'two words' } }))).toMatchObject({ status: 400, param: 'Idempotency-Key' });
  });

  it('refuses a second request with the same Idempotency-Key while the first is under way, and leaves the first alone', async () => {
    const headers = { 'idempotency-key': 'only-once' };
    const first = complete({ model: 'slow' }, { headers });
    await expect.poll(() => last()?.payload.attemptId).toBe(deterministicId(TENANT_A, 'completion', 'only-once'));
    expect(await errorOf(await complete({ model: 'slow', stream: true }, { headers }))).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    const second = await complete({ model: 'slow' }, { headers });
    expect(Object.fromEntries(second.headers)).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
    expect(await errorOf(second)).toMatchObject({ status: 409, code: 'in_progress' });
    expect(await errorOf(await first)).toMatchObject({ status: 504 });
  });

  it('answers under the request id, which is the attempt id unless the caller chose one', async () => {
    const own = await complete({});
    expect(own.headers.get('x-request-id')).toBe(last()?.payload.attemptId);
    const chosen = await complete({}, { headers: { 'x-request-id': 'mine-1' } });
    expect(chosen.headers.get('x-request-id')).toBe('mine-1');
    expect(last()).toMatchObject({ correlationId: 'mine-1' });
    const again = last()?.payload.attemptId;
    await complete({}, { headers: { 'x-request-id': 'mine-1' } });
    expect(last()?.payload.attemptId).not.toBe(again);
  });

  it('reads a compressed body', async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: 'Bearer nx_a_user', 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify({ model: 'gpt-4o', messages })),
    });
    expect(response.status).toBe(200);
  });

  it('is stopped when its client leaves', async () => {
    const abort = new AbortController();
    const asked = complete({ model: 'slow' }, { signal: abort.signal }).catch(() => 'left');
    const before = gateway.router.requests.length;
    await expect.poll(() => gateway.router.requests.length).toBeGreaterThan(before);
    abort.abort();
    expect(await asked).toBe('left');
    await expect.poll(() => gateway.router.cancelled).toContain(last()?.payload.attemptId);
  });

  it('ends with 504 at its deadline, and is stopped', async () => {
    expect(await errorOf(await complete({ model: 'slow' }))).toMatchObject({ status: 504, code: 'timeout' });
    await expect.poll(() => gateway.router.cancelled).toContain(last()?.payload.attemptId);
  });

  it('says how long to wait when it is told so', async () => {
    const response = await complete({ model: 'busy' });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500', 'x-should-retry': 'true' });
    expect(await errorOf(response)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});

describe('a stream', () => {
  const stream = async (model: string): Promise<string> => (await complete({ model, stream: true })).text();

  it('is the same when its end overtakes its parts', async () => {
    const [usual, late] = [await stream('usual'), await stream('late')];
    expect(late.replaceAll('"late"', '"usual"')).toBe(usual);
    expect(usual.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('that fails before its first part is an ordinary error', async () => {
    expect(await errorOf(await complete({ model: 'missing', stream: true }))).toEqual({ status: 404, code: 'model_not_found', param: 'model' });
  });

  it('that fails later ends with an error event, and without [DONE]', async () => {
    const events = (await stream('cut')).trim().split('\n\n');
    expect(events).toHaveLength(3);
    expect(JSON.parse(events[2]?.slice('data: '.length) ?? '')).toMatchObject({ error: { code: 'provider_error', type: 'server_error' } });
  });

  it('that has lost a part ends with an error event', async () => {
    expect(await stream('lossy')).toContain('"code":"stream_interrupted"');
  });

  it('is given in one piece where the provider does not stream', async () => {
    const text = await stream('whole');
    expect(text).toContain('"delta":{"role":"assistant","content":"The answer is 42."');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('ends with an error event at its deadline', async () => {
    expect(await stream('slow')).toContain('"code":"timeout"');
  });
});

describe('an agent', () => {
  it('is asked in the name of the caller, and answers under the same Idempotency-Key again', async () => {
    const headers = { 'idempotency-key': 'ask-once' };
    const first = (await (await complete({ model: 'agent/default' }, { headers })).json()) as { nexus: { run_id: string } };
    const again = (await (await complete({ model: 'agent/default' }, { headers })).json()) as { nexus: { run_id: string } };
    expect(again.nexus.run_id).toBe(first.nexus.run_id);
    const received = gateway.orchestrator.received.at(-1);
    expect(received?.payload).toMatchObject({ agent: 'default', surface: 'api', text: '', history: [{ parts: [{ kind: { value: 'what is the answer?' } }] }] });
    expect(received?.metadata['authorization']).toContain(`tenant=${TENANT_A},key=key-user,client=acme,project=site`);
  });

  it('is cancelled when its client leaves', async () => {
    gateway.orchestrator.isHolding = true;
    const abort = new AbortController();
    const before = gateway.orchestrator.received.length;
    const asked = complete({ model: 'agent/default', stream: true }, { signal: abort.signal });
    await expect.poll(() => gateway.orchestrator.received.length).toBeGreaterThan(before);
    const messageId = gateway.orchestrator.received.at(-1)?.id;
    const response = await asked;
    abort.abort();
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => gateway.orchestrator.cancelled).toContain(messageId);
    gateway.orchestrator.isHolding = false;
  });

  it('that refuses gives its reason as an HTTP error, also to a stream', async () => {
    expect(await errorOf(await complete({ model: 'agent/poor' }))).toMatchObject({ status: 429, code: 'budget_exceeded' });
    expect(await errorOf(await complete({ model: 'agent/poor', stream: true }))).toMatchObject({ status: 429, code: 'budget_exceeded' });
  });

  it('cannot take audio', async () => {
    const audio = [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }];
    expect(await errorOf(await complete({ model: 'agent/default', messages: audio }))).toMatchObject({ status: 400, param: 'messages[0].content[0].type' });
  });
});

describe('the door', () => {
  it.each(['', 'wrong', 'nx_a_surface'])('refuses the key "%s" before it reads anything', async (key) => {
    const response = await gateway.call('/v1/chat/completions', { key, body: '{ not json' });
    expect((await errorOf(response)).status).toBe(key === 'nx_a_surface' ? 403 : 401);
  });

  it('refuses a key from when it is revoked', async () => {
    gateway.keys.set('nx_a_temporary', { tenantId: TENANT_A, key: { id: 'key-temporary', kind: 1 } });
    expect((await complete({}, { key: 'nx_a_temporary' })).status).toBe(200);
    gateway.keys.delete('nx_a_temporary');
    await gateway.bus.publish({ channel: 'settings.changed', id: 'revoked', payload: create(SettingsChangedSchema, { tenantId: TENANT_A, kind: SettingsChanged_Kind.KEY }) });
    await expect.poll(async () => (await complete({}, { key: 'nx_a_temporary' })).status).toBe(401);
    expect(await errorOf(await complete({}, { key: 'nx_a_temporary' }))).toMatchObject({ code: 'invalid_api_key' });
  });

  it('refuses what is larger than 10 MB, and goes on', async () => {
    const large = { messages: [{ role: 'user', content: 'x'.repeat(10_485_760) }] };
    expect(await errorOf(await complete(large))).toMatchObject({ status: 413, code: 'body_too_large' });
    expect((await complete({})).status).toBe(200);
  });

  it('takes what is a little smaller', async () => {
    expect((await complete({ messages: [{ role: 'user', content: 'x'.repeat(10_485_000) }] })).status).toBe(200);
  });

  it('takes POST only', async () => {
    const response = await gateway.call('/v1/chat/completions');
    expect(response.headers.get('allow')).toBe('POST');
    expect(await errorOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  it('takes a query, and a body without a content-type', async () => {
    expect((await gateway.call('/v1/chat/completions?x=1', { body: { model: 'gpt-4o', messages } })).status).toBe(200);
  });
});
