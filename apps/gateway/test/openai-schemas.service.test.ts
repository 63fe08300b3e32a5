import { hasOpenAiSchemas, openAiValidator, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';
import { take } from './sse-reader.js';

const messages = [{ role: 'user', content: 'what is the answer?' }];
const title = hasOpenAiSchemas ? "OpenAI's published schemas" : "OpenAI's published schemas (skipped: ../shared/data/openai-schemas.json is not there)";

describe.skipIf(!hasOpenAiSchemas)(title, () => {
  const redis = redisTest();
  const conforms = hasOpenAiSchemas ? openAiValidator() : () => undefined;
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await startGateway(redis);
  });
  afterAll(() => gateway.stop());

  const complete = (body: object): Promise<Response> => gateway.call('/v1/chat/completions', { body: { messages, ...body } });

  /** The chunks of a stream that ends as it should. */
  async function chunks(body: object): Promise<unknown[]> {
    const events = (await (await complete({ ...body, stream: true })).text()).split('\n\n').filter((event) => event !== '' && !event.startsWith(':'));
    expect(events.pop()).toBe('data: [DONE]');
    return events.map((event) => JSON.parse(event.slice('data: '.length)) as unknown);
  }

  it.each(['openai/gpt-4o', 'agent/default'])('hold for completions of %s', async (model) => {
    conforms('CreateChatCompletionResponse', await (await complete({ model })).json());
  });

  it.each(['openai/gpt-4o', 'agent/default', 'whole'])('hold for chunks of %s', async (model) => {
    const streamed = await chunks({ model, stream_options: { include_usage: true } });
    expect(streamed.length).toBeGreaterThan(1);
    for (const chunk of streamed) conforms('CreateChatCompletionStreamResponse', chunk);
    expect(new Set(streamed.map((chunk) => (chunk as { id: string }).id)).size).toBe(1);
  });

  const tools = [{ type: 'function', name: 'get_weather', parameters: { type: 'object' }, strict: false }];
  const respond = (body: object): Promise<Response> => gateway.call('/v1/responses', { body: { input: 'what is the answer?', ...body } });

  it.each([{ model: 'openai/gpt-4o' }, { model: 'openai/gpt-4o', tools }, { model: 'agent/default' }])('hold for the response to %j', async (body) => {
    conforms('Response', await (await respond(body)).json());
  });

  it.each([{ model: 'openai/gpt-4o' }, { model: 'openai/gpt-4o', tools }, { model: 'agent/default' }, { model: 'whole' }, { model: 'cut' }])('hold for the events of the response to %j', async (body) => {
    const events = await take(await respond({ ...body, stream: true }), 1_000);
    expect(events.length).toBeGreaterThan(2);
    for (const { data } of events) conforms('ResponseStreamEvent', data);
  });

  it('hold for embeddings', async () => {
    conforms('CreateEmbeddingResponse', await (await gateway.call('/v1/embeddings', { body: { model: 'm', input: 'x' } })).json());
  });

  it('hold for models', async () => {
    conforms('ListModelsResponse', await (await gateway.call('/v1/models')).json());
    conforms('Model', await (await gateway.call('/v1/models/openai/gpt-4o')).json());
  });

  it.each([
    ['no key', () => gateway.call('/v1/models', { key: '' })],
    ['an unknown model', () => complete({ model: 'missing' })],
    ['an unknown path', () => gateway.call('/v1/nothing')],
    ['a wrong method', () => gateway.call('/v1/models', { body: {} })],
    ['a body that is no JSON', () => gateway.call('/v1/threads', { body: '{' })],
    ['a wrong field', () => complete({ model: 'm', messages: [] })],
    ['a limit that is reached', () => complete({ model: 'busy' })],
    ['a refused run', () => complete({ model: 'agent/poor' })],
    ['a response by an unknown model', () => respond({ model: 'missing' })],
    ['a response without a model', () => respond({})],
    ['embeddings of nothing', () => gateway.call('/v1/embeddings', { body: { model: 'm', input: [] } })],
    ['an unknown task', () => gateway.call('/queue/none')],
    ['a task that says nothing', () => gateway.call('/task', { body: {} })],
  ])('hold for the error of %s', async (_, ask) => {
    const response = await ask();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('x-request-id')).toMatch(/.+/);
    conforms('ErrorResponse', await response.json());
  });

  it('fail for what does not conform', () => {
    expect(() => conforms('CreateChatCompletionResponse', { id: 'x' })).toThrow(/choices/);
    expect(() => conforms('ErrorResponse', { error: { message: 'x' } })).toThrow(/type/);
  });
});
