import { newId } from '@nexus/core';
import { Wire } from '@nexus/contracts';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { bodyOf, chat, codeOf, question, routingOf } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let tenantId: string;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  world.config = { 'cache.exact_seconds': '60' };
  tenantId = newId();
  text = question();
});

const ask = async (more: object = {}, fields = {}, tenant = tenantId) => {
  const message = await router.ask(chat('fake/priced', text, more), fields, { tenantId: tenant });
  return { id: message.id, answer: await router.answer(message) };
};
/** Asks until the answer, which is kept in the background, comes from the cache. */
const askUntilCached = async (more: object = {}, fields = {}) => {
  let last = await ask(more, fields);
  await waitFor(async () => (last = await ask(more, fields)) && routingOf(last.answer).cache === 'exact');
  return last;
};
const contentOf = (body: string): unknown => (JSON.parse(body) as { choices: { message: { content: unknown } }[] }).choices[0]?.message.content;

describe('RTR-6 the same request again', () => {
  it('is answered without an attempt and without a cost', async () => {
    world.provider.reply({ text: 'said once' });
    const { id, answer } = await askUntilCached();
    expect(contentOf(bodyOf(answer))).toBe('said once');
    expect(answer.spend).toBeUndefined();
    expect(routingOf(answer)).toMatchObject({ requested: 'fake/priced', model: 'fake/priced', cache: 'exact', fallbacks: [] });
    expect(world.ledger.asked.some(({ attemptId }) => attemptId === id)).toBe(false);
    expect(router.recordsOf({ id })).toEqual([]);
  });

  it('is streamed although it was not the first time, and the other way round', async () => {
    world.provider.reply({ text: 'said once' });
    await askUntilCached();
    const streamed = await ask({ stream: true }, { wantParts: true });
    expect(routingOf(streamed.answer).cache).toBe('exact');
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === streamed.id).length === Number(streamed.answer.parts));
    expect([...router.eventsOf(streamed).matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('')).toBe('said once');
    text = question();
    world.provider.reply({ chunks: ['in ', 'pieces'] });
    await askUntilCached({ stream: true }, { wantParts: true });
    expect(contentOf(bodyOf((await ask()).answer))).toBe('in pieces');
  });

  it('is another one for another tenant, with another field, by another wire, for a run, and under other rules', async () => {
    await askUntilCached();
    expect(routingOf((await ask({}, {}, newId())).answer).cache).toBe('');
    expect(routingOf((await ask({ temperature: 1 })).answer).cache).toBe('');
    expect(routingOf((await ask({ max_tokens: 50 }, { wire: Wire.ANTHROPIC_MESSAGES })).answer).cache).toBe('');
    expect(routingOf((await ask({ n: 2 })).answer).cache).toBe('');
    expect(routingOf((await ask({}, { run: { runId: newId(), threadId: newId(), step: 1, epoch: 1n } })).answer).cache).toBe('');
    expect(routingOf((await ask()).answer).cache).toBe('exact');
  });

  it('is not cached unless the tenant wants it, nor when the answer was cut or failed', async () => {
    world.config = {};
    await ask();
    await ask();
    expect(world.calls(text)).toHaveLength(2);
    world.config = { 'cache.exact_seconds': '60' };
    tenantId = newId();
    for (const reply of [{ text: 'cut', finishReason: 'length' as const }, { status: 400 }, { text: 'cut', finishReason: 'length' as const }]) {
      world.provider.reply(reply);
      const { answer } = await ask();
      expect([codeOf(answer), routingOf(answer).cache]).toEqual([reply.status ? '400 invalid_request' : 'completion', '']);
    }
  });

  it('is asked for anew once its time is over', async () => {
    world.config = { 'cache.exact_seconds': '1' };
    await askUntilCached();
    await waitFor(async () => routingOf((await ask()).answer).cache === '', { timeoutMs: 5_000 });
  });
});
