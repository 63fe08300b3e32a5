import { armFailpoints, newId, type Failpoint } from '@nexus/core';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;

beforeAll(async () => {
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => world.reset());
afterEach(() => armFailpoints(undefined));

/** What the provider had seen when each failpoint was passed. */
async function passed(body: object, fields = {}): Promise<[Failpoint, number][]> {
  const text = `question ${newId()}`;
  const seen: [Failpoint, number][] = [];
  armFailpoints((name) => seen.push([name, world.calls(text).length]));
  world.provider.reply({ chunks: ['one ', 'two'], chunkDelayMs: 30 });
  const message = await router.ask({ model: 'fake/priced', messages: [{ role: 'user', content: text }], ...body }, fields);
  await router.answer(message);
  await router.record(message);
  return seen.filter(([name]) => name.startsWith('router.'));
}

it('passes each failpoint once, in the order of a call', async () => {
  expect(await passed({})).toEqual([['router.before-open', 0], ['router.after-open', 0], ['router.after-send', 0], ['router.after-answer', 1]]);
  expect((await passed({ stream: true }, { wantParts: true })).map(([name]) => name)).toEqual(['router.before-open', 'router.after-open', 'router.after-send', 'router.after-first-part', 'router.after-answer']);
});

it('has written the request when it dies at router.after-send: the provider gets it', async () => {
  const text = `question ${newId()}`;
  armFailpoints((name) => {
    if (name === 'router.after-send') throw new Error('broken off');
  });
  const message = await router.ask({ model: 'fake/priced', messages: [{ role: 'user', content: text }] });
  expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'connection_lost', isRetryable: false } });
  await expect.poll(() => world.calls(text).length).toBe(1);
});
