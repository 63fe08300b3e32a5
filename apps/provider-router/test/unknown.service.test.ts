import type { MessageInitShape } from '@bufbuild/protobuf';
import { UsageRecorded_Result as Result, type UnknownAttemptSchema } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, environment: { NEXUS_OWNER_TTL_MS: '300' } });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  text = `question ${newId()}`;
});

/** Hands the attempt out once, as it is, and waits until the router has reported twice since. */
async function handOut(attempt: Exclude<MessageInitShape<typeof UnknownAttemptSchema>, { $typeName: string }>): Promise<void> {
  const price = { input: 1_000_000n, output: 10_000_000n, cacheRead: 1_000_000n, cacheWrite: 1_000_000n };
  let isHandedOut = false;
  world.ledger.duties = () => {
    if (isHandedOut) return {};
    isHandedOut = true;
    return { unknown: [{ tenantId: newId(), model: 'priced', price, attribution: { client: 'acme' }, runId: newId(), ...attempt }] };
  };
  await waitFor(() => isHandedOut);
  const before = world.ledger.reports.length;
  await waitFor(() => world.ledger.reports.length > before + 2);
}
/** An attempt that reached the provider. */
async function called(): Promise<string> {
  const message = await router.ask({ model: 'askable/priced', messages: [{ role: 'user', content: text }] });
  await waitFor(() => world.calls(text).length === 1);
  return message.id;
}
const isUnresolvable = (id: string) => world.ledger.reports.some(({ unresolvable }) => unresolvable.some(({ attemptId }) => attemptId === id));

describe('an UNKNOWN attempt', () => {
  it('is named to its provider by its id, under which it can be asked for', async () => {
    const attemptId = await called();
    expect(world.provider.requests.find((request) => request.text.includes(text))?.headers).toMatchObject({ 'x-client-request-id': attemptId, 'idempotency-key': attemptId });
    expect(world.provider.attempts.get(attemptId)?.requests).toBe(1);
  });

  it('is settled with what its provider says it used', async () => {
    world.provider.reply({ text: 'lost on the way', usage: { prompt_tokens: 123, completion_tokens: 45 }, hang: 'before-headers' });
    const attemptId = await called();
    await router.cancel({ case: 'attemptId', value: attemptId });
    await router.answer({ id: attemptId });
    await waitFor(() => world.provider.attempts.get(attemptId)?.status === 'completed');
    await handOut({ attemptId, provider: 'askable' });
    await waitFor(() => router.recordsOf({ id: attemptId }).some(({ resolution }) => resolution === 'provider'));
    expect(router.recordsOf({ id: attemptId }).find(({ resolution }) => resolution === 'provider')).toMatchObject({
      result: Result.SUCCEEDED, provider: 'askable', model: 'priced', usage: { input: 123n, output: 45n, estimated: false }, price: { input: 1_000_000n, output: 10_000_000n }, attribution: { client: 'acme' },
    });
  });

  it('is left to the policy, which waits, while its provider works on it, for it may say so for ever', async () => {
    world.provider.reply({ hang: 'before-headers' });
    const attemptId = await called();
    await handOut({ attemptId, provider: 'askable', asked: 5 });
    expect(router.recordsOf({ id: attemptId })).toEqual([]);
    await waitFor(() => isUnresolvable(attemptId));
    await router.cancel({ case: 'attemptId', value: attemptId });
  });

  it('that its provider does not know was not sent, once it has been asked for often enough to have arrived', async () => {
    const attemptId = newId();
    await handOut({ attemptId, provider: 'askable', asked: 0 });
    expect(router.recordsOf({ id: attemptId })).toEqual([]);
    await handOut({ attemptId, provider: 'askable', asked: 2 });
    expect(await router.record({ id: attemptId })).toMatchObject({ result: Result.NOT_SENT, resolution: 'provider' });
  });

  it.each([
    ['cannot be asked', 'fake', true],
    ['is not in the configuration any more', 'gone', true],
    ['cannot be asked and whose attempts are to be kept', 'keeper', false],
  ])('of a provider that %s is left to the policy: %s', async (_what, provider, isToldSo) => {
    const attemptId = newId();
    await handOut({ attemptId, provider, asked: 9 });
    expect(isUnresolvable(attemptId)).toBe(isToldSo);
    expect(router.recordsOf({ id: attemptId })).toEqual([]);
  });

  it('whose provider tells of its end but not of its usage is left to the policy', async () => {
    world.provider.reply({ text: 'x', usage: null, hang: 'before-headers' });
    const attemptId = await called();
    await router.cancel({ case: 'attemptId', value: attemptId });
    await waitFor(() => world.provider.attempts.get(attemptId)?.status === 'completed');
    await handOut({ attemptId, provider: 'askable' });
    expect(isUnresolvable(attemptId)).toBe(true);
  });
});
