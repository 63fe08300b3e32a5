import { hasOpenAiSchemas, openAiValidator, type FakeReply, type FakeRequest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';

const title = hasOpenAiSchemas ? "RTR-8 OpenAI's published schemas" : "RTR-8 OpenAI's published schemas (skipped: ../shared/data/openai-schemas.json is not there)";
const messages = [{ role: 'user', content: 'how is the weather?' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const chatTools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
const tools = [{ type: 'function', name: 'get_weather', parameters, strict: false }];

describe.skipIf(!hasOpenAiSchemas)(title, () => {
  const conforms = hasOpenAiSchemas ? openAiValidator() : () => undefined;
  let stock: StockNexus;
  beforeAll(async () => {
    stock = await startStockNexus();
  }, 90_000);
  beforeEach(() => stock.provider.reply(reply));
  afterAll(() => stock?.stop());

  function reply({ body }: FakeRequest): FakeReply {
    if (body['tools'] !== undefined) return { text: 'Let me see.', toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }, { name: 'get_weather', arguments: { city: 'Rome' } }] };
    if (JSON.stringify(body.messages).includes('break')) return { chunks: ['one', ' two'], cutAfterChunks: 3 };
    return JSON.stringify(body.messages).includes('too much') ? { status: 429, text: 'Slow down.' } : { text: 'It rains, as it does.' };
  }
  const ask = (path: string, body: object): Promise<Response> =>
    fetch(stock.nexus.urls.gateway + path, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: JSON.stringify({ model: 'fake', ...body }) });
  /** The events of a stream, `[DONE]` not among them. */
  const events = async (path: string, body: object): Promise<unknown[]> => {
    const lines = (await (await ask(path, { ...body, stream: true })).text()).split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]');
    expect(lines.length).toBeGreaterThan(1);
    return lines.map((line) => JSON.parse(line.slice('data: '.length)) as unknown);
  };

  it.each([{ messages }, { messages, tools: chatTools }, { messages, model: 'auto' }, { messages, model: 'agent/default' }])('hold for the completion of %j, whole and streamed', async (body) => {
    conforms('CreateChatCompletionResponse', await (await ask('/v1/chat/completions', body)).json());
    for (const chunk of await events('/v1/chat/completions', { ...body, stream_options: { include_usage: true } })) conforms('CreateChatCompletionStreamResponse', chunk);
  });

  it.each([{ input: 'hello' }, { input: 'hello', tools }, { input: 'hello', model: 'agent/default' }])('hold for the response to %j, whole and streamed', async (body) => {
    conforms('Response', await (await ask('/v1/responses', body)).json());
    for (const event of await events('/v1/responses', body)) conforms('ResponseStreamEvent', event);
  });

  it('hold for the events of a response that breaks', async () => {
    const all = await events('/v1/responses', { input: 'break' });
    for (const event of all) conforms('ResponseStreamEvent', event);
    expect(all.at(-1)).toMatchObject({ type: 'response.failed' });
  });

  it('hold for embeddings, as numbers', async () => {
    conforms('CreateEmbeddingResponse', await (await ask('/v1/embeddings', { model: 'vectors', input: ['a', 'b'] })).json());
  });

  it('hold for the models', async () => {
    const list = await (await fetch(`${stock.nexus.urls.gateway}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).json() as { data: { id: string }[] };
    conforms('ListModelsResponse', list);
    expect(list.data.map(({ id }) => id)).toEqual(expect.arrayContaining(['agent/default', 'auto', 'fast', 'haiku', 'fake/fake', 'fake/vectors']));
  });

  it.each([
    ['/v1/chat/completions', { messages, model: 'none' }],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'too much' }] }],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'too much' }], stream: true }],
    ['/v1/responses', { input: 'too much' }],
    ['/v1/responses', { input: 'too much', stream: true }],
    ['/v1/responses', { input: [{ type: 'item_reference', id: 'x' }] }],
    ['/v1/embeddings', { model: 'none', input: 'x' }],
    ['/v1/embeddings', { model: 'fake', input: 'x' }],
  ])('hold for the error of %s with %j', async (path, body) => {
    const response = await ask(path, body);
    expect(response.status).toBeGreaterThanOrEqual(400);
    conforms('ErrorResponse', await response.json());
  });
});
