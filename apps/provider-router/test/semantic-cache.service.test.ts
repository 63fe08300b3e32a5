import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageRecorded_Result as Result } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { bodyOf, codeOf, routingOf } from './routing-world.js';

const providers = `
providers:
  - name: fake
    base_url_env: TEST_FAKE_URL
    models: [{ id: priced, price: { input: 1, output: 10 }, max_output_tokens: 4096 }]
  - name: meaning
    base_url_env: TEST_MEANING_URL
    models: [{ id: embed, mode: embedding, price: { input: 1, output: 0 } }]
`;
const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let meaning: Server;
let isBroken: boolean;
let tenantId: string;
let topic: string;

/** The words of a text, each a direction of its own, in whatever order. */
function vectorOf(text: string): number[] {
  const vector = Array.from({ length: 256 }, () => 0);
  for (const word of text.toLowerCase().match(/[\w-]+/g) ?? []) {
    const place = [...word].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % vector.length, 7);
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}

beforeAll(async () => {
  meaning = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: string };
      response.writeHead(isBroken ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isBroken ? { error: { message: 'broken' } } : { object: 'list', model: 'embed', data: [{ object: 'embedding', index: 0, embedding: vectorOf(input) }], usage: { prompt_tokens: 7, total_tokens: 7 } }));
    });
  });
  await new Promise<void>((resolve) => meaning.listen(0, '127.0.0.1', resolve));
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, {
    redisUrl: redis.url, databaseUrl: postgres.url, providers, environment: { TEST_MEANING_URL: `http://127.0.0.1:${(meaning.address() as AddressInfo).port}/v1` },
  });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
  await new Promise((resolve) => meaning.close(resolve));
});
beforeEach(() => {
  world.reset();
  isBroken = false;
  tenantId = newId();
  topic = newId().replaceAll('-', '');
  world.config = { 'cache.semantic': JSON.stringify({ seconds: 60, model: 'meaning/embed', threshold: 0.9 }) };
  world.provider.reply({ text: 'an answer' });
});

const ask = async (content: string, more: object = {}, fields = {}) => {
  const message = await router.ask({ model: 'fake/priced', messages: [{ role: 'user', content }], ...more }, fields, { tenantId });
  return { id: message.id, answer: await router.answer(message) };
};
/** Asks once, and waits until that can be found. */
const askFirst = async (content: string, more: object = {}) => {
  const first = await ask(content, more);
  expect(routingOf(first.answer).cache).toBe('');
  await waitFor(async () => routingOf((await ask(content, more)).answer).cache === 'semantic');
};

describe('a question that means the same as one before', () => {
  it('gets its answer, for the price of an embedding', async () => {
    await askFirst(`please tell me what the ${topic} is made of`);
    const calls = world.calls(topic).length;
    const { id, answer } = await ask(`tell me please, what is the ${topic} made of?`);
    expect(bodyOf(answer)).toContain('an answer');
    expect(routingOf(answer)).toMatchObject({ model: 'fake/priced', cache: 'semantic', reason: 'what means the same was asked before' });
    expect(world.calls(topic)).toHaveLength(calls);
    expect(await router.record({ id: deterministicId(id, 'embed') })).toMatchObject({ result: Result.SUCCEEDED, provider: 'meaning', usage: { input: 7n }, route: 'compares the question with others' });
    expect(router.recordsOf({ id })).toEqual([]);
  });

  it('is another one with another meaning, another number, other words before it, or tools', async () => {
    await askFirst(`what are 12 apples of ${topic} worth today`);
    const cached = async (content: string, more: object = {}) => routingOf((await ask(content, more)).answer).cache;
    expect(await cached(`how do bees sleep in winter near ${topic}`)).toBe('');
    expect(await cached(`what are 13 apples of ${topic} worth today`)).toBe('');
    const question = `what are 12 apples of ${topic} worth today`;
    expect(await cached(question, { messages: [{ role: 'system', content: 'be short' }, { role: 'user', content: question }] })).toBe('');
    expect(await cached(question, { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] })).toBe('');
    expect(await cached(question)).toBe('semantic');
  });

  it('is asked the usual way when nobody knows what it means, and of another tenant or client', async () => {
    const question = `what is the colour of ${topic}`;
    await askFirst(question);
    isBroken = true;
    const { answer } = await ask(question);
    expect([codeOf(answer), routingOf(answer).cache]).toEqual(['completion', '']);
    isBroken = false;
    expect(routingOf((await ask(question, {}, { attribution: { client: 'somebody-else' } })).answer).cache).toBe('');
    tenantId = newId();
    expect(routingOf((await ask(question)).answer).cache).toBe('');
  });
});

it('what it cost to look is told also of a request that no model may serve then', async () => {
  world.config = { 'cache.semantic': JSON.stringify({ seconds: 60, model: 'meaning/embed', threshold: 0.9 }), prices: JSON.stringify({ 'meaning/embed': { input: 1_000_000, output: 0 } }) };
  const { answer } = await ask(`where is ${topic}`, { model: 'fake/unknown' });
  expect(codeOf(answer)).toBe('404 model_not_found');
  expect(answer.spend?.costMicroUsd).toBe(7_000_000n);
});
