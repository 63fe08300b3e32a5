import { UsageRecorded_Result as Result, Wire, type UsageRecorded } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { asService } from '@nexus/runtime';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { OwnServer, ROUTED, ROUTED_PROVIDERS, chat, codeOf, question, routingOf } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let own: OwnServer;
let router: RouterUnderTest;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  own = await OwnServer.start();
  router = await RouterUnderTest.start(world, {
    redisUrl: redis.url, databaseUrl: postgres.url, providers: ROUTED_PROVIDERS, environment: { TEST_OWN_URL: own.url },
    routing: `${ROUTED}classifier: { model: cloud/mini, within_ms: 400 }\n`,
  });
});
afterAll(async () => {
  await router?.stop();
  await own?.pullPlug();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  own.provider.reply({ text: 'own' });
  text = question();
});

/** Of a call without a cache: in micro-USD, rounded half up. */
const costOf = ({ usage, price }: UsageRecorded): bigint => BigInt(Math.round(Number((usage?.input ?? 0n) * (price?.input ?? 0n) + (usage?.output ?? 0n) * (price?.output ?? 0n)) / 1_000_000));

const answerTo = async (model: string, more: object = {}, fields = {}) => router.answer(await router.ask(chat(model, text, more), fields));

describe('a tier', () => {
  it.each([
    ['fast', 'own/small', 'fast'],
    ['haiku', 'own/small', 'fast'],
    ['balanced', 'cloud/mild', 'balanced'],
    ['opus', 'cloud/large', 'best'],
  ])('%s is answered by %s', async (name, model, tier) => {
    expect(routingOf(await answerTo(name))).toMatchObject({ requested: name, model, tier, classifier: '', confidence: 0 });
  });

  it('without a model that can do it is answered by the next better one', async () => {
    const answer = await answerTo('balanced', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }, { type: 'text', text }] }] });
    expect(routingOf(answer)).toMatchObject({ model: 'cloud/large', tier: 'best', fallbacks: [{ model: 'cloud/mild', code: 'not_able' }] });
  });
});

describe('auto', () => {
  it.each([
    ['much reasoning that was asked for', { reasoning_effort: 'high' }, 'cloud/large', 'best', 'much reasoning was asked for: tier best'],
    ['a short question', { messages: [{ role: 'user', content: 'What is a quine?' }] }, 'own/small', 'fast', 'a short question: tier fast'],
  ])('goes by the rules: %s', async (_what, more, model, tier, reason) => {
    expect(routingOf(await answerTo('auto', more))).toMatchObject({ requested: 'auto', model, tier, reason, classifier: 'rules' });
    expect(world.ledger.asked.some(({ attemptId }) => attemptId === 'classify')).toBe(false);
  });

  /** Says much, and none of it is what a rule knows. */
  const vague = () => `${text} ${'the weather over the hills and what came of it '.repeat(20)}`;

  it('asks a cheap model where the rules are unsure, which is an attempt of its own', async () => {
    world.provider.reply(({ text: asked }) => ({ text: asked.includes('You sort requests') ? 'best' : 'answer' }));
    const message = await router.ask(chat('auto', vague()));
    const answer = await router.answer(message);
    expect(routingOf(answer)).toMatchObject({ model: 'cloud/large', tier: 'best', classifier: 'model', confidence: expect.closeTo(0.7, 5) as number });
    expect(routingOf(answer).reason).toContain('cloud/mini says so');
    const classified = await router.record({ id: deterministicId(message.id, 'classify') });
    expect(classified).toMatchObject({ result: Result.SUCCEEDED, model: 'mini', requested: 'auto', route: 'classifies the request' });
    const [beside, own] = [costOf(classified), costOf(await router.record(message))];
    expect(beside).toBeGreaterThan(0n);
    expect(answer.spend?.costMicroUsd).toBe(own + beside); // what the client is told is what the request cost
  });

  it.each([
    ['takes too long', { hang: 'before-headers' as const }],
    ['says something else', { text: 'I would say so' }],
    ['is refused', { status: 429 }],
  ])('goes to the default tier, and says so, when that model %s', async (_what, reply) => {
    world.provider.reply(({ text: asked }) => (asked.includes('You sort requests') ? reply : { text: 'answer' }));
    const answer = await answerTo('auto', { messages: [{ role: 'user', content: vague() }] });
    expect(routingOf(answer)).toMatchObject({ tier: 'balanced', classifier: 'default', confidence: 0 });
    expect(codeOf(answer)).toBe('completion');
  });
});

describe('RTR-5 what a tenant allows', () => {
  it.each([
    ['routing.local_only', 'true', 'abroad/far', 'own/plain'],
    ['routing.deny', '["cloud/*"]', 'cloud/large', 'own/plain'],
    ['routing.allow', '["mini"]', 'cloud/large', 'cloud/mini'],
    ['routing.max_price', '5', 'cloud/large', 'cloud/mini'],
  ])('%s holds', async (key, value, refused, allowed) => {
    world.config = { [key]: value };
    expect((await answerTo(refused)).outcome).toMatchObject({ case: 'error', value: { code: 'model_not_allowed', status: 403, message: expect.stringContaining(key) as string } });
    expect(codeOf(await answerTo(allowed))).toBe('completion');
  });

  it('is left out of tiers and chains', async () => {
    world.config = { 'routing.deny': '["own/*"]' };
    expect(routingOf(await answerTo('fast')).model).toBe('cloud/mini');
    expect(routingOf(await answerTo('house'))).toMatchObject({ model: 'cloud/mini', fallbacks: [{ model: 'own/small', code: 'model_not_allowed' }] });
    world.config = { 'routing.deny': '["*"]' };
    expect(codeOf(await answerTo('fast'))).toBe('403 model_not_allowed');
  });

  it('sets the default tier of auto', async () => {
    world.config = { 'routing.default_tier': '"best"' };
    world.provider.reply(({ text: asked }) => (asked.includes('You sort requests') ? { status: 500 } : { text: 'answer' }));
    expect(routingOf(await answerTo('auto', { messages: [{ role: 'user', content: `${text} ${'and so on and on '.repeat(40)}` }] }))).toMatchObject({ tier: 'best', classifier: 'default' });
  });
});

it('embeddings go to models that make them, and nothing else does', async () => {
  const body = { model: 'cloud/mini', input: text };
  expect(codeOf(await router.answer(await router.ask(body, { wire: Wire.OPENAI_EMBEDDINGS })))).toBe('400 no_model_can_serve');
  expect(codeOf(await answerTo('cloud/vectors'))).toBe('400 no_model_can_serve');
});

it('the list tells modes, abilities and tiers, and the names that leave the choice to NEXUS', async () => {
  const { models } = await router.clients.providers.listModels({ tenantId: newId() }, asService());
  const byId = new Map(models.map((model) => [model.id, model]));
  expect(byId.get('own/small')).toMatchObject({ mode: 'chat', tier: 'fast', abilities: { tools: false, vision: false } });
  expect(byId.get('own/small')?.abilities?.jsonSchema).toBeUndefined();
  expect(byId.get('cloud/vectors')).toMatchObject({ mode: 'embedding', tier: '' });
  expect(models.filter(({ provider }) => provider === 'nexus').map(({ id, tier }) => [id, tier])).toEqual([
    ['auto', ''], ['fast', 'fast'], ['balanced', 'balanced'], ['best', 'best'], ['haiku', 'fast'], ['sonnet', 'balanced'], ['opus', 'best'], ['house', ''],
  ]);
  world.disabledProviders = ['cloud'];
  const fewer = await router.clients.providers.listModels({ tenantId: newId() }, asService());
  expect(fewer.models.some(({ id }) => id.startsWith('cloud/'))).toBe(false);
});

it('a call by name says so, and nothing else', async () => {
  const answer = await answerTo('cloud/mini');
  expect(routingOf(answer)).toMatchObject({ requested: 'cloud/mini', model: 'cloud/mini', tier: '', reason: 'asked for by name', classifier: '', fallbacks: [] });
});

describe('a tenant\'s own prices', () => {
  it('are what its calls cost, also of a model whose price nobody else knows', async () => {
    world.config = { prices: JSON.stringify({ 'cloud/mini': { input: 100, output: 400 } }) };
    world.provider.reply({ text: 'x', usage: { prompt_tokens: 10, completion_tokens: 10 } });
    expect((await answerTo('cloud/mini')).spend?.costMicroUsd).toBe(5_000n);
    expect(codeOf(await answerTo('open/unpriced'))).toBe('404 model_price_unknown');
    world.config = { prices: JSON.stringify({ 'open/unpriced': { input: 1, output: 2 } }), 'routing.max_price': '3' };
    expect((await answerTo('open/unpriced')).spend?.costMicroUsd).toBe(30n);
  });
});
