import { createOpenAI } from '@ai-sdk/openai';
import type { FakeReply, FakeRequest } from '@nexus/testing';
import { generateText, streamText, type ModelMessage } from 'ai';
import OpenAI from 'openai';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { stockClients } from './stock-clients.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';

const TEXT = 'The answer is 42.';
/** At $1 and $10 for a million tokens. */
const USAGE = { prompt_tokens: 1_000, completion_tokens: 20 };
const COST = 1_200;

let stock: StockNexus;
let database: Client;

beforeAll(async () => {
  stock = await startStockNexus();
  database = new Client({ connectionString: stock.nexus.databaseUrl });
  await database.connect();
}, 90_000);
beforeEach(() => stock.provider.reply(reply));
afterAll(async () => {
  await database?.end();
  await stock?.stop();
});

/** Does as the model is asked to: calls a tool that is offered once, answers in JSON where that is wanted, else says the text. */
function reply({ body }: FakeRequest): FakeReply {
  const said = JSON.stringify(body.messages);
  if (said.includes('too much')) return { status: 429, text: 'Slow down.' };
  if (said.includes('break')) return { chunks: ['The', ' answer'], usage: USAGE, cutAfterChunks: 3 };
  const result = body.messages.findLast(({ role }) => role === 'tool')?.content;
  if (result !== undefined) return { text: `It rains in ${typeof result === 'string' ? result : JSON.stringify(result)}.`, usage: USAGE };
  const tools = (body['tools'] ?? []) as readonly { readonly function: { readonly name: string } }[];
  const tool = tools[0]?.function.name;
  if (tool === 'json') return { toolCalls: [{ name: tool, arguments: { answer: 42 } }], usage: USAGE };
  if (tool !== undefined) return { text: 'Let me see.', toolCalls: [{ name: tool, arguments: { city: 'Oslo' } }], usage: USAGE };
  return body['response_format'] === undefined ? { text: TEXT, usage: USAGE } : { text: '{"answer":42}', usage: USAGE };
}

const clients = stockClients(() => stock.nexus.urls.gateway, apiKey);
/** What is booked for it, once all attempts are settled. */
async function bookedBy(work: () => Promise<unknown>): Promise<number> {
  const total = async (): Promise<number> => {
    await expect.poll(async () => (await database.query("SELECT FROM usage.attempt WHERE state = 'open'")).rowCount, { timeout: 10_000 }).toBe(0);
    return Number((await database.query<{ cost: string }>('SELECT coalesce(sum(cost_micro_usd), 0) AS cost FROM usage.ledger')).rows[0]?.cost);
  };
  const before = await total();
  await work();
  return (await total()) - before;
}

describe.each(clients)('RTR-8 $name, end to end and unmodified', (client) => {
  it('gets a text, which is booked once and exactly', async () => {
    expect(await bookedBy(async () => expect(await client.text('fake', 'what is the answer?')).toBe(TEXT))).toBe(COST);
  });

  it('streams a text, which is booked once and exactly', async () => {
    expect(await bookedBy(async () => expect(await client.stream('fake/fake', 'what is the answer?')).toBe(TEXT))).toBe(COST);
  });

  it('has a tool called, and its result understood', async () => {
    expect(await client.tools('fake', 'how is the weather?')).toBe('It rains in OSLO.');
  });

  it('gets structured output', async () => {
    expect(await client.object('fake', 'what is the answer?')).toEqual({ answer: 42 });
  });

  it('may leave the choice of the model to NEXUS', async () => {
    expect(await client.text('auto', 'what is the answer?')).toBe(TEXT);
    expect(await client.stream('fast', 'what is the answer?')).toBe(TEXT);
  });

  it.each([
    ['an unknown model', 'none', 'hello', 404],
    ['a provider that has had too much', 'fake', 'too much', 429],
  ])('hears of %s, streaming or not', async (_, model, prompt, status) => {
    for (const how of ['text', 'stream'] as const) {
      const error = (await client[how](model, prompt).catch((failure: unknown) => failure)) as { readonly status?: number; readonly statusCode?: number };
      expect(error).toBeInstanceOf(Error);
      expect(error.status ?? error.statusCode).toBe(status);
    }
  });

  it('sees a stream that breaks as an error', async () => {
    await expect(client.stream('fake', 'break')).rejects.toBeDefined();
  });
});

describe('RTR-8 what the clients share', () => {
  it('a conversation goes on with references to what was said, as Vercel\'s AI SDK makes them', async () => {
    const model = createOpenAI({ baseURL: `${stock.nexus.urls.gateway}/v1`, apiKey })('fake');
    const said: ModelMessage[] = [{ role: 'user', content: 'what is the answer?' }];
    for (const stream of [false, true]) {
      const messages = stream ? (await streamText({ model, messages: said }).response).messages : (await generateText({ model, messages: said })).response.messages;
      said.push(...messages, { role: 'user', content: 'and why?' });
    }
    expect((await generateText({ model, messages: said })).text).toBe(TEXT);
    expect(stock.provider.requests.at(-1)?.body.messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: TEXT }, { role: 'user' }, { role: 'assistant', content: TEXT }, { role: 'user', content: 'and why?' }]);
  });

  it('RTR-7 embeddings are made and booked', async () => {
    const openai = new OpenAI({ baseURL: `${stock.nexus.urls.gateway}/v1`, apiKey });
    const booked = await bookedBy(async () => {
      const { data, usage } = await openai.embeddings.create({ model: 'vectors', input: ['four', 'x'.repeat(400)] });
      expect(data.map(({ embedding }) => [...embedding])).toEqual([[4, 0.5, -0.25], [400, 0.5, -0.25]]);
      expect(usage.prompt_tokens).toBe(101);
    });
    expect(booked).toBe(101);
  });

  it('the headers of an answer say which model it was, and why', async () => {
    const response = await fetch(`${stock.nexus.urls.gateway}/v1/messages`, {
      method: 'POST', headers: { 'x-api-key': apiKey, 'x-nexus-user': 'ann' }, body: JSON.stringify({ model: 'auto', max_tokens: 50, messages: [{ role: 'user', content: 'what is the answer?' }] }),
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-nexus-model': 'fake/fake', 'x-nexus-tier': 'fast', 'x-nexus-route': expect.stringMatching(/.+/), 'x-nexus-cost-micro-usd': String(COST) });
    const booked = async () => (await database.query<{ cost_micro_usd: string }>("SELECT cost_micro_usd FROM usage.ledger WHERE user_label = 'ann'")).rows.map((row) => Number(row.cost_micro_usd));
    await expect.poll(booked, { timeout: 10_000 }).toEqual([COST]);
  });

  it.each([
    ['/v1/responses', { input: 'what is the answer?' }],
    ['/v1/messages', { max_tokens: 50, messages: [{ role: 'user', content: 'what is the answer?' }] }],
  ])('IDEM-1 %s answers a repeated request with the same, whole and streamed, and is booked once', async (path, asked) => {
    for (const stream of [false, true]) {
      const ask = async (): Promise<string> =>
        (await fetch(stock.nexus.urls.gateway + path, { method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'idempotency-key': `again ${path} ${stream}`.replaceAll(' ', '-') }, body: JSON.stringify({ model: 'fake', stream, ...asked }) })).text();
      const answers: string[] = [];
      expect(await bookedBy(async () => void answers.push(await ask(), await ask()))).toBe(COST);
      if (!stream) expect(answers[1]).toBe(answers[0]);
      for (const text of answers) expect(text).toMatch(stream ? /The[^]+42[^]+\nevent: (?:response\.completed|message_stop)\n/ : /The answer is 42\./);
    }
  });

  it('USE-5 a task is classified, run and told of; a queued one comes to the same', async () => {
    const post = async (path: string, body: object): Promise<Record<string, unknown>> =>
      (await fetch(stock.nexus.urls.gateway + path, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: JSON.stringify(body) })).json() as Promise<Record<string, unknown>>;
    const get = async (path: string): Promise<Record<string, unknown>> => (await fetch(stock.nexus.urls.gateway + path, { headers: { authorization: `Bearer ${apiKey}` } })).json() as Promise<Record<string, unknown>>;
    const told = { answer: TEXT, model: 'fake/fake', tier: 'fast', reason: expect.any(String), cost_micro_usd: COST, tokens: { input: 1_000, output: 20 } };
    expect(await post('/task', { task: 'what is the answer?' })).toMatchObject({ ...told, confidence: expect.any(Number) });
    const { id } = await post('/queue', { task: 'what is the answer?', force_tier: 'haiku' });
    await expect.poll(() => get(`/queue/${String(id)}`), { timeout: 10_000 }).toMatchObject({ state: 'done', result: told });
  });
});
