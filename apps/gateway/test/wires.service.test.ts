import { request as httpRequest } from 'node:http';
import { Wire } from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { ANSWER } from './fake-orchestrator.js';
import { CHUNKS } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';
import { readEvents, type ReadEvent } from './sse-reader.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis, { NEXUS_REQUEST_TIMEOUT_MS: '1500' });
});
afterAll(() => gateway.stop());

const TEXT = CHUNKS.join('');
const messages = [{ role: 'user', content: 'what is the answer?' }];
const bodies = {
  '/v1/chat/completions': { model: 'gpt-4o', messages },
  '/v1/responses': { model: 'gpt-4o', input: 'what is the answer?' },
  '/v1/messages': { model: 'gpt-4o', max_tokens: 100, messages },
  '/v1/embeddings': { model: 'gpt-4o', input: 'what is the answer?' },
} as const;
type Path = keyof typeof bodies;
const ask = (path: Path, body: object = {}, headers: Record<string, string> = {}, key?: string): Promise<Response> => gateway.call(path, { body: { ...bodies[path], ...body }, headers, ...(key !== undefined && { key }) });
const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
const last = () => gateway.router.requests.at(-1)?.payload;
async function events(response: Promise<Response>): Promise<ReadEvent[]> {
  const all: ReadEvent[] = [];
  for await (const event of readEvents(await response)) all.push(event);
  return all;
}

describe.each([
  ['/v1/chat/completions', Wire.OPENAI_CHAT, 'completion'],
  ['/v1/responses', Wire.OPENAI_RESPONSES, 'response'],
  ['/v1/messages', Wire.ANTHROPIC_MESSAGES, 'message'],
  ['/v1/embeddings', Wire.OPENAI_EMBEDDINGS, 'embedding'],
] as const)('%s', (path, wire, scope) => {
  it('passes the body on as it is, and says in which wire it is written', async () => {
    const body = `${JSON.stringify({ ...bodies[path], unknown: { x: 1 } }).slice(0, -1)},"big":12345678901234567890}`;
    expect((await gateway.call(path, { body })).status).toBe(200);
    expect(last()).toMatchObject({ wire, model: 'gpt-4o', wantParts: false });
    expect(Buffer.from(last()?.input.value as Uint8Array).toString()).toBe(body);
  });

  it('takes an Idempotency-Key as its own: the same one elsewhere is another request', async () => {
    await ask(path, {}, { 'idempotency-key': 'same-everywhere' });
    expect(last()?.attemptId).toBe(deterministicId(TENANT_A, scope, 'same-everywhere'));
  });

  it('takes the key in x-api-key too, and the bearer where both are sent', async () => {
    expect((await ask(path, {}, { 'x-api-key': 'nx_a_user' }, '')).status).toBe(200);
    expect((await ask(path, {}, { 'x-api-key': 'wrong' }, '')).status).toBe(401);
    expect((await ask(path, {}, { 'x-api-key': 'wrong' })).status).toBe(200);
  });

  it('says which model answered, why that one, and what it cost', async () => {
    const { headers } = await ask(path, { model: 'auto' });
    if (path === '/v1/embeddings') expect(headers.get('x-nexus-cost-micro-usd')).toBe('17');
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-nexus-model': 'bench/fake', 'x-nexus-tier': 'fast', 'x-nexus-route': 'short, no tools ? cheapest', 'x-nexus-fallbacks': 'bench/dear rate_limit', 'x-nexus-cache': 'exact', 'x-nexus-cost-micro-usd': '17',
    });
  });

  it.each<[object, string]>([
    [{ model: 7 }, 'model'],
    [{ model: '' }, 'model'],
    ...(path === '/v1/embeddings' ? [[{ input: [] }, 'input'], [{ input: 4 }, 'input']] : [[{ stream: 'yes' }, 'stream']]) as [object, string][],
  ])('refuses %j by its name', async (wrong, param) => {
    const response = await ask(path, wrong);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(`'${param}'`);
  });

  it('takes POST only', async () => {
    const response = await gateway.call(path);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('writes who asked as the header says', async () => {
    await ask(path, {}, { 'x-nexus-user': 'ann' });
    expect(last()?.attribution).toMatchObject({ user: 'ann', client: 'acme', project: 'site', keyId: 'key-user' });
  });
});

describe('the user of a request', () => {
  it.each([
    ['/v1/chat/completions', { user: 'bob' }, 'bob'],
    ['/v1/responses', { user: 'bob' }, 'bob'],
    ['/v1/responses', { safety_identifier: 'carl' }, 'carl'],
    ['/v1/messages', { metadata: { user_id: 'dora' } }, 'dora'],
    ['/v1/embeddings', { user: `e\u0000${'x'.repeat(400)}` }, `e ${'x'.repeat(254)}`],
    ['/v1/messages', { metadata: {} }, ''],
  ] as const)('of %s with %j is %s', async (path, body, user) => {
    await ask(path, body);
    expect(last()?.attribution?.user).toBe(user);
  });
});

describe('Anthropic\'s headers', () => {
  it('go to a provider of the same wire, and no others', async () => {
    await ask('/v1/messages', {}, { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'interleaved-thinking-2025-05-14', 'x-other': 'x' });
    expect(last()?.headers).toEqual({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'interleaved-thinking-2025-05-14' });
    await ask('/v1/chat/completions', {}, { 'anthropic-beta': 'x' });
    expect(last()?.headers).toEqual({});
  });
});

describe('errors', () => {
  it.each([
    ['an unknown key', 401, 'authentication_error', () => ask('/v1/messages', {}, {}, 'wrong')],
    ['an unknown model', 404, 'not_found_error', () => ask('/v1/messages', { model: 'missing' })],
    ['an unknown model, before a stream', 404, 'not_found_error', () => ask('/v1/messages', { model: 'missing', stream: true })],
    ['a wrong field', 400, 'invalid_request_error', () => ask('/v1/messages', { max_tokens: 'many' })],
    ['a reached limit', 429, 'rate_limit_error', () => ask('/v1/messages', { model: 'busy' })],
    ['an unknown path', 404, 'not_found_error', () => gateway.call('/v1/messages/batches', { body: {} })],
    ['a wrong method', 405, 'invalid_request_error', () => gateway.call('/v1/messages/count_tokens')],
    ['what was asked with its header', 404, 'not_found_error', () => gateway.call('/v1/models/none', { headers: { 'anthropic-version': '2023-06-01' } })],
  ])('of %s have Anthropic\'s form for its clients', async (_, status, type, asked) => {
    const response = await asked();
    expect(response.status).toBe(status);
    const requestId = response.headers.get('request-id');
    expect(requestId).toBe(response.headers.get('x-request-id'));
    expect(await response.json()).toMatchObject({ type: 'error', error: { type, message: expect.any(String) }, request_id: requestId });
  });

  it('have OpenAI\'s form for all others', async () => {
    expect(await json(ask('/v1/responses', { model: 'missing' }))).toMatchObject({ error: { code: 'model_not_found', type: 'invalid_request_error' } });
    expect(await json(ask('/v1/embeddings', { model: 'busy' }))).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' } });
  });

  it.each(['previous_response_id', 'conversation', 'background'])('of %s say that nothing is kept', async (param) => {
    expect(await json(ask('/v1/responses', { [param]: param === 'background' ? true : 'x' }))).toMatchObject({ error: { param, code: 'unsupported_parameter' } });
  });
});

describe('a stream of responses', () => {
  it('is the events of the router, with nothing after them', async () => {
    const text = await (await ask('/v1/responses', { stream: true })).text();
    expect(text).not.toContain('[DONE]');
    expect(text.trimEnd().split('\n\n').at(-1)).toMatch(/^event: response.completed\n/);
  });

  it('that fails ends with an error and with the response that failed, in the order of their numbers', async () => {
    const all = await events(ask('/v1/responses', { stream: true, model: 'cut' }));
    const [error, failed] = all.slice(-2);
    expect(error).toMatchObject({ event: 'error', data: { type: 'error', code: 'provider_error', message: expect.any(String), param: 'model' } });
    expect(failed).toMatchObject({ event: 'response.failed', data: { response: { id: expect.stringMatching(/^resp_/), status: 'failed', error: { code: 'server_error' } } } });
    expect(all.map(({ data }) => data.sequence_number)).toEqual(all.map((_, i) => i));
  });

  it('is made of a whole answer where the provider does not stream', async () => {
    const all = await events(ask('/v1/responses', { stream: true, model: 'whole' }));
    expect(all.at(-1)).toMatchObject({ event: 'response.completed', data: { response: { status: 'completed', output: [{ content: [{ text: TEXT }] }] } } });
  });
});

describe('items of responses', () => {
  const input = async (): Promise<unknown> => (JSON.parse(Buffer.from(last()?.input.value as Uint8Array).toString()) as { input: unknown }).input;
  const outputOf = async (response: Promise<Response>): Promise<{ id: string }[]> => ((await json(response)) as { output: { id: string }[] }).output;
  const referring = (id: string) => ask('/v1/responses', { input: [{ role: 'user', content: 'hi' }, { type: 'item_reference', id }, { role: 'user', content: 'and?' }] });

  it('can be referred to, whole and streamed, of models and of agents', async () => {
    const [whole] = await outputOf(ask('/v1/responses'));
    const streamed = (await events(ask('/v1/responses', { stream: true }))).at(-1)?.data.response as { output: { id: string }[] };
    const [ofAgent] = await outputOf(ask('/v1/responses', { model: 'agent/default' }));
    const ofAgentStreamed = (await events(ask('/v1/responses', { model: 'agent/default', stream: true }))).at(-1)?.data.response as { output: { id: string }[] };
    for (const item of [whole, streamed.output[0], ofAgent, ofAgentStreamed.output[0]]) {
      expect((await referring(item?.id ?? '')).status).toBe(200);
      expect(await input()).toEqual([{ role: 'user', content: 'hi' }, item, { role: 'user', content: 'and?' }]);
    }
  });

  it('are not kept where the client says so, nor for others', async () => {
    const [unkept] = await outputOf(ask('/v1/responses', { store: false }));
    expect(await json(referring(unkept?.id ?? ''))).toMatchObject({ error: { param: 'input[1].id', code: 'invalid_value' } });
    const [mine] = await outputOf(ask('/v1/responses'));
    const body = { ...bodies['/v1/responses'], input: [{ type: 'item_reference', id: mine?.id }] };
    expect((await gateway.call('/v1/responses', { body, key: 'nx_b_user' })).status).toBe(400);
  });

  it('that a provider made are left to it', async () => {
    const reference = { type: 'item_reference', id: `msg_${'0'.repeat(48)}` };
    const body = JSON.stringify({ model: 'missing', input: [reference], spaced: true });
    await gateway.call('/v1/responses', { body });
    expect(await input()).toEqual([reference]);
  });
});

describe('a stream of messages', () => {
  it('is the events of the router, with nothing after them', async () => {
    const all = await events(ask('/v1/messages', { stream: true }));
    expect(all[0]).toMatchObject({ event: 'message_start', data: { type: 'message_start', message: { id: 'msg_upstream' } } });
    expect(all.at(-1)?.event).toBe('message_stop');
  });

  it('that fails ends with an error event, and so does one that takes too long', async () => {
    expect((await events(ask('/v1/messages', { stream: true, model: 'cut' }))).at(-1)).toMatchObject({ event: 'error', data: { type: 'error', error: { type: 'api_error' } } });
    expect((await events(ask('/v1/messages', { stream: true, model: 'slow' }))).at(-1)).toMatchObject({ event: 'error', data: { error: { type: 'timeout_error' } } });
  });

  it('is made of a whole answer where the provider does not stream', async () => {
    const all = await events(ask('/v1/messages', { stream: true, model: 'whole' }));
    expect(all.map(({ event }) => event)).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
  });
});

describe('what is known only at the end of a stream', () => {
  it('comes in the trailers, for those who take them', async () => {
    const trailers = await new Promise<NodeJS.Dict<string>>((resolve, reject) => {
      const asked = httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer nx_a_user', te: 'trailers' } }, (response) => {
        response.resume().on('end', () => resolve(response.trailers));
      });
      asked.on('error', reject).end(JSON.stringify({ model: 'auto', messages, stream: true }));
    });
    expect(trailers).toMatchObject({ 'x-nexus-model': 'bench/fake', 'x-nexus-cost-micro-usd': '17' });
  });
});

describe('the counting of tokens', () => {
  const count = (body: object) => gateway.call('/v1/messages/count_tokens', { body: { model: 'claude-x', messages, ...body } });

  it('is an estimate, and says so', async () => {
    const response = await count({});
    expect(response.headers.get('x-nexus-estimated')).toBe('true');
    const { input_tokens } = (await response.json()) as { input_tokens: number };
    expect(input_tokens).toBeGreaterThan(4);
    expect(input_tokens).toBeLessThan(20);
  });

  it('grows with the system\'s words, the tools and the pictures, and asks nobody', async () => {
    const before = gateway.router.requests.length;
    const of = async (body: object): Promise<number> => ((await (await count(body)).json()) as { input_tokens: number }).input_tokens;
    const plain = await of({});
    expect(await of({ system: 'Be brief. '.repeat(40) })).toBeGreaterThan(plain + 80);
    expect(await of({ tools: [{ name: 'get_weather', description: 'x'.repeat(400), input_schema: { type: 'object' } }] })).toBeGreaterThan(plain + 90);
    expect(await of({ messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } }] }] })).toBeGreaterThan(900);
    expect(gateway.router.requests.length).toBe(before);
  });
});

describe('an agent', () => {
  const responses = { model: 'agent/default' };

  it('answers in OpenAI\'s responses, whole and streamed', async () => {
    const response = await ask('/v1/responses', responses);
    expect(await response.json()).toMatchObject({ object: 'response', status: 'completed', model: 'agent/default', output: [{ content: [{ text: ANSWER }] }], usage: { input_tokens: 25, output_tokens: 11 }, nexus: { cost_micro_usd: 42 } });
    const all = await events(ask('/v1/responses', { ...responses, stream: true }));
    expect(all.filter(({ event }) => event === 'response.output_text.delta').map(({ data }) => data.delta).join('')).toBe(ANSWER);
    expect(all.at(-1)).toMatchObject({ event: 'response.completed', data: { response: { output: [{ content: [{ text: ANSWER }] }] } } });
    expect(all.map(({ data }) => data.sequence_number)).toEqual(all.map((_, i) => i));
  });

  it('answers in Anthropic\'s messages, whole and streamed', async () => {
    expect(await json(ask('/v1/messages', { model: 'agent/default' }))).toMatchObject({ type: 'message', role: 'assistant', model: 'agent/default', content: [{ type: 'text', text: ANSWER }], stop_reason: 'end_turn', usage: { input_tokens: 20, cache_read_input_tokens: 5, output_tokens: 11 } });
    const all = await events(ask('/v1/messages', { model: 'agent/default', stream: true }));
    expect(all[0]?.event).toBe('message_start');
    expect(all.filter(({ event }) => event === 'content_block_delta').map(({ data }) => (data.delta as { text: string }).text).join('')).toBe(ANSWER);
    expect(all.at(-1)?.event).toBe('message_stop');
  });

  it('hears the whole conversation and who asks, and takes no tools of its caller', async () => {
    const conversation = [{ role: 'user', content: 'hello' }, { role: 'assistant', content: 'hi' }, { role: 'user', content: [{ type: 'text', text: 'and now?' }] }];
    await json(ask('/v1/messages', { model: 'agent/default', system: 'Be brief.', messages: conversation, metadata: { user_id: 'ann' } }));
    const received = gateway.orchestrator.received.at(-1)?.payload;
    expect(received?.history.map(({ parts }) => parts[0]?.kind.value)).toEqual(['Be brief.', 'hello', 'hi', 'and now?']);
    expect(received?.sender?.id).toBe('ann');
    expect(await json(ask('/v1/messages', { model: 'agent/default', tools: [{ name: 'f', input_schema: { type: 'object' } }] }))).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('that refuses gives its reason in the form of the wire', async () => {
    expect(await json(ask('/v1/messages', { model: 'agent/poor', stream: true }))).toMatchObject({ type: 'error', error: { type: 'billing_error' } });
    expect(await json(ask('/v1/responses', { model: 'agent/poor', stream: true }))).toMatchObject({ error: { code: 'budget_exceeded' } });
  });

  it('cannot be asked for embeddings', async () => {
    expect(await json(ask('/v1/embeddings', { model: 'agent/default' }))).toMatchObject({ error: { param: 'model', code: 'unsupported_value' } });
  });
});

describe('the list of models', () => {
  it('has Anthropic\'s form for a request with its header', async () => {
    const headers = { 'anthropic-version': '2023-06-01' };
    expect(await json(gateway.call('/v1/models?limit=2', { headers }))).toMatchObject({ data: [{ type: 'model', id: 'agent/default' }, { id: 'agent/research' }], has_more: true, first_id: 'agent/default', last_id: 'agent/research' });
    expect(await json(gateway.call('/v1/models/openai/gpt-4o', { headers }))).toMatchObject({ type: 'model', id: 'openai/gpt-4o', display_name: 'openai/gpt-4o' });
    expect(await json(gateway.call('/v1/models?limit=0', { headers }))).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });
});
