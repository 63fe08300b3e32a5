import type { Message, Subscription } from '@nexus/channels';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { OwnServer, ROUTED, ROUTED_PROVIDERS, chat, codeOf, question } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
const events: Message<'events.raised'>[] = [];
let world: RouterWorld;
let own: OwnServer;
let router: RouterUnderTest;
let followed: Subscription;

beforeAll(async () => {
  world = await RouterWorld.start();
  own = await OwnServer.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, providers: ROUTED_PROVIDERS, routing: ROUTED.replace('most: 2', 'most: 0'), environment: { TEST_OWN_URL: own.url } });
  followed = router.bus.follow('events.raised', (batch) => void events.push(...batch));
  await followed.ready;
});
afterAll(async () => {
  await followed.stop();
  await router.stop(500);
  await own.pullPlug();
  await world.provider.close();
});

const ask = async (tenantId: string, model: string) => codeOf(await router.answer(await router.ask(chat(model, question()), {}, { tenantId })));
const told = (tenantId: string) => events.filter((event) => event.tenantId === tenantId).map(({ payload }) => [payload.subject, (JSON.parse(payload.dataJson) as { reason: string }).reason]);

it('raises provider.limited once for a provider that has had enough or is left alone, and nothing for a tenant that did not ask', async () => {
  const [asked, silent] = [newId(), newId()];
  world.provider.reply({ status: 429, headers: { 'retry-after-ms': '60000' } });
  expect(await ask(silent, 'cloud/large')).toBe('429 rate_limited');
  world.wantedEvents = ['provider.limited'];
  for (let i = 0; i < 3; i++) expect(await ask(asked, 'cloud/large')).toBe('429 rate_limited');
  await waitFor(() => told(asked).length > 0);
  own.provider.reply({ status: 500, text: 'broken' });
  for (let i = 0; i < 4; i++) await ask(asked, 'own/plain');
  await waitFor(() => told(asked).length > 1);
  expect(told(asked)).toEqual([['cloud', 'rate_limited'], ['own', 'breaker_open']]);
  expect(JSON.parse(events[0]?.payload.dataJson ?? '')).toEqual({ provider: 'cloud', model: 'cloud/large', reason: 'rate_limited', retry_after_ms: 60_000 });
  expect((await router.bus.history('events.raised', '0')).map(({ tenantId }) => tenantId)).toEqual([asked, asked]);
});
