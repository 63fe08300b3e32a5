import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { OwnServer, ROUTED, ROUTED_PROVIDERS, bodyOf, chat, codeOf, question, routingOf } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let own: OwnServer;
let router: RouterUnderTest;
let second: RouterUnderTest;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
});
afterAll(() => world?.provider.close());
beforeEach(async () => {
  world.reset();
  text = question();
  own = await OwnServer.start();
  router = await start('first');
  second = await start('second');
});
afterEach(async () => {
  await Promise.all([router, second].map((one) => one?.stop(500)));
  await own?.pullPlug();
});

const start = (replica: string) => RouterUnderTest.start(world, {
  redisUrl: redis.url, databaseUrl: postgres.url, providers: ROUTED_PROVIDERS, routing: ROUTED.replace('most: 2', 'most: 0'), environment: { TEST_OWN_URL: own.url }, replica, isSecond: replica === 'second',
});
const askMany = async (model: string, count: number) => {
  const messages = await Promise.all(Array.from({ length: count }, () => router.ask(chat(model, text))));
  return Promise.all(messages.map((message) => router.answer(message)));
};
/** Which replicas have asked the ledger since. */
const replicasSince = (from: number) => new Set(world.ledger.asked.slice(from).map(({ owner }) => owner.split(' ')[0]));

describe('two replicas', () => {
  it('leave a provider alone that failed at one of them, and go back to it when a probe was answered', async () => {
    own.provider.reply({ status: 500 });
    while (own.calls(text) < 3) await askMany('own/plain', 1);
    // both pass it over, and neither asks it: what one has found out the other has heard
    await expect.poll(async () => {
      const [calls, from] = [own.calls(text), world.ledger.asked.length];
      const answers = await askMany('house', 12);
      const arePassedOver = answers.every((answer) => routingOf(answer).fallbacks[0]?.code === 'breaker_open' && routingOf(answer).model === 'cloud/mini');
      return arePassedOver && own.calls(text) === calls && replicasSince(from).size === 2;
    }, { timeout: 10_000 }).toBe(true);
    const metrics = await (await fetch(`${router.service.url}/metrics`)).text();
    expect(metrics).toMatch(/nexus_router_breaker_open\{provider="own"\} 1/);
    expect(metrics).toMatch(/nexus_router_passed_over_total\{provider="own",why="breaker_open"\} \d+/);
    expect(metrics).toMatch(/nexus_router_calls_total\{provider="own",outcome="server_error"\} \d+/);
    own.provider.reply({ text: 'well again' });
    await expect.poll(async () => bodyOf((await askMany('own/plain', 1))[0] as never).includes('well again'), { timeout: 10_000 }).toBe(true);
    await expect.poll(async () => (await askMany('own/plain', 12)).every((answer) => bodyOf(answer).includes('well again')), { timeout: 10_000 }).toBe(true);
  });

  it('refuse what could only go to a provider that is left alone, and say how long', async () => {
    own.provider.reply({ status: 500 });
    while (own.calls(text) < 3) await askMany('own/plain', 1);
    await expect.poll(async () => {
      const [answer] = await askMany('own/plain', 1);
      return answer && answer.outcome.case === 'error' && codeOf(answer) === '503 provider_unavailable' && answer.outcome.value.isRetryable && answer.outcome.value.retryAfterMs > 0n && answer.outcome.value.retryAfterMs <= 1_200n;
    }, { timeout: 5_000 }).toBe(true);
  });

  it('let no more through than a provider\'s limit allows them together, and say how long to wait', async () => {
    const began = performance.now();
    const answers = await askMany('narrow/door', 60);
    const seconds = (performance.now() - began) / 1_000;
    const passed = answers.filter(({ outcome }) => outcome.case === 'completion').length;
    expect(world.calls(text)).toHaveLength(passed);
    // a bucket of ten seconds' worth, and one request a second more; a replica may keep the one that it took beyond its need
    expect(passed).toBeGreaterThanOrEqual(8);
    expect(passed).toBeLessThanOrEqual(10 + Math.ceil(seconds) + 1);
    const refused = answers.filter(({ outcome }) => outcome.case === 'error');
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['429 provider_limit_reached']));
    expect(refused.every(({ outcome }) => outcome.case === 'error' && outcome.value.retryAfterMs > 0n && outcome.value.retryAfterMs <= 2_000n)).toBe(true);
    await waitFor(async () => (await askMany('narrow/door', 1)).every(({ outcome }) => outcome.case === 'completion'), { timeoutMs: 5_000 });
  });
});
