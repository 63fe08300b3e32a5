import { redisTest } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis, { NEXUS_REQUEST_TIMEOUT_MS: '3000' });
});
afterAll(() => gateway.stop());
afterEach(() => {
  gateway.orchestrator.isHolding = false;
});

const messages = [{ role: 'user', content: 'what is the answer?' }];
const complete = (key: string, body: object = {}, signal?: AbortSignal): Promise<Response> =>
  gateway.call('/v1/chat/completions', { body: { model: 'agent/default', messages, ...body }, headers: { 'idempotency-key': key }, ...(signal && { signal }) });
const newThread = async (): Promise<string> => ((await (await gateway.call('/v1/threads', { body: {} })).json()) as { id: string }).id;
const run = (threadId: string, key: string, body: object = { content: 'hello' }): Promise<Response> => gateway.call(`/v1/threads/${threadId}/runs`, { body, headers: { 'idempotency-key': key } });
const codeOf = async (response: Response): Promise<string> => `${response.status} ${((await response.json()) as { error: { code: string } }).error.code}`;
/** Messages, however often each was published until it was accepted. */
const received = (): number => new Set(gateway.orchestrator.received.filter(({ payload }) => payload.cancelsMessageId === '').map(({ id }) => id)).size;

describe("an agent's completion under an Idempotency-Key", () => {
  it('is answered again with the same bytes, and asked once', async () => {
    const first = await complete('bytes');
    const count = received();
    const again = await complete('bytes');
    expect(await again.text()).toBe(await first.text());
    expect(received()).toBe(count);
    expect(again.headers.get('x-nexus-cost-micro-usd')).toBe(first.headers.get('x-nexus-cost-micro-usd'));
  });

  it('is streamed again as chunks', async () => {
    const texts = await Promise.all([complete('chunks', { stream: true }), complete('chunks', { stream: true })].map(async (response) => (await response).text()));
    const again = await (await complete('chunks', { stream: true })).text();
    for (const text of [...texts, again]) {
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      const chunks = text.trim().split('\n\n').slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)) as { id: string; choices: { delta: { content?: string } }[] });
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('It is 224, and noon in Tokyo.');
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    }
  });

  it('is refused for another body, before and after its answer', async () => {
    expect(await codeOf(await complete('other body'))).toBe('400 invalid_value');
    gateway.orchestrator.isHolding = true;
    const count = received() + 1;
    const begun = complete('other-body');
    await expect.poll(received).toBe(count);
    expect(gateway.orchestrator.received.at(-1)?.metadata['request-hash']).toMatch(/^[0-9a-f]{64}$/);
    expect(await codeOf(await complete('other-body', { temperature: 1 }))).toBe('422 idempotency_key_reused');
    const inFlight = await complete('other-body');
    expect(inFlight.headers.get('retry-after')).toBe('1');
    expect(await codeOf(inFlight)).toBe('409 in_progress');
    expect(received()).toBe(count);
    await gateway.orchestrator.finish([...gateway.runs.keys()].at(-1) ?? '');
    expect((await begun).status).toBe(200);
    expect(await codeOf(await complete('other-body', { temperature: 1 }))).toBe('422 idempotency_key_reused');
    expect((await complete('other-body')).status).toBe(200);
  });

  it('goes on when its client leaves, and answers whoever asks again', async () => {
    gateway.orchestrator.isHolding = true;
    const abort = new AbortController();
    const count = received();
    const left = complete('left', {}, abort.signal).catch(() => 'left');
    await expect.poll(received).toBe(count + 1);
    const messageId = gateway.orchestrator.received.at(-1)?.id ?? '';
    abort.abort();
    expect(await left).toBe('left');
    await gateway.orchestrator.finish([...gateway.runs.keys()].at(-1) ?? '');
    expect((await complete('left')).status).toBe(200);
    expect(gateway.orchestrator.cancelled).not.toContain(messageId);
  });
});

describe('a run under an Idempotency-Key', () => {
  it('is accepted again with the same bytes, also when it is over, and started once', async () => {
    gateway.orchestrator.isHolding = true;
    const threadId = await newThread();
    const first = await run(threadId, 'run');
    expect(first.status).toBe(202);
    const text = await first.text();
    const count = received();
    expect(await (await run(threadId, 'run')).text()).toBe(text);
    const { id } = JSON.parse(text) as { id: string };
    await gateway.orchestrator.finish(id);
    const again = await run(threadId, 'run');
    expect(again.status).toBe(202);
    expect(await again.text()).toBe(text);
    expect(received()).toBe(count);
    expect(JSON.parse(text)).toMatchObject({ status: 'queued', answer: null });
  });

  it('is refused for another body, and streamed again for the same', async () => {
    const threadId = await newThread();
    expect(await (await run(threadId, 'stream', { content: 'hello', stream: true })).text()).toContain('event: answer');
    expect(await (await run(threadId, 'stream', { content: 'hello', stream: true })).text()).toContain('event: answer');
    expect(await codeOf(await run(threadId, 'stream', { content: 'bye', stream: true }))).toBe('422 idempotency_key_reused');
  });
});

it('an Idempotency-Key reaches the service that makes the change, and is no matter for a read', async () => {
  const threadId = await newThread();
  const headers = { 'idempotency-key': 'change-1' };
  await gateway.call(`/v1/threads/${threadId}`, { method: 'PATCH', body: { title: 'new' }, headers });
  expect(gateway.idempotencyKeys.at(-1)).toBe('change-1');
  expect((await gateway.call('/v1/threads', { headers })).status).toBe(200);
  expect(await codeOf(await gateway.call(`/v1/threads/${threadId}`, { method: 'PATCH', body: { title: 'new' }, headers: { 'idempotency-key': 'two words' } }))).toBe('400 invalid_value');
});
