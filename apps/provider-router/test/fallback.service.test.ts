import { OpenedAttempt_State as State, UsageRecorded_Result as Result, WhenReached } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';
import { OwnServer, ROUTED, ROUTED_PROVIDERS, bodyOf, chat, codeOf, image, question, routingOf } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let own: OwnServer;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
});
afterAll(() => world?.provider.close());
beforeEach(async () => {
  world.reset();
  text = question();
  own = await OwnServer.start();
  router = await start();
});
afterEach(async () => {
  await router?.stop(500);
  await own?.pullPlug();
});

const start = (routing = ROUTED, environment: Record<string, string> = {}) =>
  RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, providers: ROUTED_PROVIDERS, routing, environment: { TEST_OWN_URL: own.url, ...environment } });
const nth = (id: string, n: number) => deterministicId(id, 'chain', n);
const answered = async (model: string, more: object = {}, fields = {}, envelope = {}) => {
  const message = await router.ask(chat(model, text, more), fields, envelope);
  return { id: message.id, answer: await router.answer(message) };
};

describe('a model that fails before the first part of its answer', () => {
  it('is followed by the next of its chain, and answer and ledger say why', async () => {
    own.provider.reply({ status: 500, text: 'broken' });
    world.provider.reply({ text: 'from the cloud' });
    const { id, answer } = await answered('own/small');
    expect(bodyOf(answer)).toContain('from the cloud');
    expect(answer.spend).toMatchObject({ provider: 'cloud', model: 'mini' });
    const tried = routingOf(answer).fallbacks;
    expect(routingOf(answer)).toMatchObject({ requested: 'own/small', model: 'cloud/mini', tier: '', cache: '' });
    expect(tried.map(({ model, code }) => [model, code])).toEqual(Array.from({ length: 3 }, () => ['own/small', 'server_error']));
    expect(tried.map(({ attemptId }) => attemptId)).toEqual([id, nth(id, 1), nth(id, 2)]);
    expect(tried[0]?.reason).toContain('broken');
    const records = await Promise.all([0, 1, 2, 3].map((n) => router.record({ id: n === 0 ? id : nth(id, n) })));
    expect(records.map(({ result, provider, requested, errorCode }) => [result, provider, requested, errorCode])).toEqual([
      ...Array.from({ length: 3 }, () => [Result.FAILED, 'own', 'own/small', 'server_error']), [Result.SUCCEEDED, 'cloud', 'own/small', ''],
    ]);
    expect(records[3]?.route).toBe('asked for by name, after own/small [server_error]');
  });

  it('whose plug was pulled is answered for by the cloud, under the same alias, and the other way round', async () => {
    own.provider.reply({ text: 'from here' });
    expect(bodyOf((await answered('house')).answer)).toContain('from here');
    world.provider.reply({ status: 401 });
    const back = (await answered('cloud/mini')).answer;
    expect([bodyOf(back).includes('from here'), routingOf(back).fallbacks.map(({ code }) => code)]).toEqual([true, ['authentication']]);
    world.reset();
    await own.pullPlug();
    const { id, answer } = await answered('house');
    expect(codeOf(answer)).toBe('completion');
    expect(answer.spend?.provider).toBe('cloud');
    expect(routingOf(answer)).toMatchObject({ requested: 'house', model: 'cloud/mini', reason: 'asked for by the name of a chain' });
    expect(routingOf(answer).fallbacks.every(({ model, code }) => model === 'own/small' && code === 'connection')).toBe(true);
    expect(await router.record({ id })).toMatchObject({ result: Result.NOT_SENT, provider: 'own', errorCode: 'connection' });
  });

  it('is not followed by another once a part was sent: the stream ends with its error', async () => {
    own.provider.reply({ chunks: ['one ', 'two ', 'three '], cutAfterChunks: 3 });
    const { answer } = await answered('own/small', { stream: true }, { wantParts: true });
    expect(codeOf(answer)).toBe('502 cut_stream');
    expect(world.calls(text)).toEqual([]);
  });

  it('is not followed by another when nobody knows whether it was charged', async () => {
    own.provider.reply({ text: 'x'.repeat(100), cutAfterChunks: 1 });
    expect(codeOf((await answered('own/small')).answer)).toBe('502 connection_lost');
    expect(world.calls(text)).toEqual([]);
  });

  it('is not followed by another for what is the request\'s own fault', async () => {
    own.provider.reply({ status: 400, text: 'no such field' });
    expect(codeOf((await answered('own/small')).answer)).toBe('400 invalid_request');
    expect(world.calls(text)).toEqual([]);
  });

  it('streams the answer of the one that follows, from its first part on', async () => {
    own.provider.reply({ status: 503 });
    world.provider.reply({ chunks: ['one ', 'two'], chunkDelayMs: 5 });
    const { id, answer } = await answered('own/small', { stream: true }, { wantParts: true });
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === id).length === Number(answer.parts));
    expect([...router.eventsOf({ id }).matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('')).toBe('one two');
  });
});

describe('a retry of the same model', () => {
  it('comes after the wait that its provider asks for', async () => {
    world.provider.reply({ status: 429, headers: { 'retry-after-ms': '300' } }, { text: 'at last' });
    const began = performance.now();
    const { answer } = await answered('cloud/large');
    expect(bodyOf(answer)).toContain('at last');
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);
    expect(routingOf(answer).fallbacks.map(({ model, code }) => [model, code])).toEqual([['cloud/large', 'rate_limited']]);
  });

  it('is not made when it could not end before the deadline', async () => {
    world.provider.reply({ status: 429, headers: { 'retry-after-ms': '2000' } });
    const { answer } = await answered('cloud/large', {}, { deadlineMs: BigInt(Date.now() + 1_000) });
    expect(answer.outcome).toMatchObject({ case: 'error', value: { code: 'rate_limited', retryAfterMs: 2_000n } });
    expect(world.calls(text)).toHaveLength(1);
  });

  it('is made as often as the budget of retries allows, and not more', async () => {
    await router.stop(500);
    router = await start(`${ROUTED.replace('reserve: 50', 'reserve: 3')}`);
    world.provider.reply({ status: 429 });
    for (let i = 0; i < 12; i++) expect(codeOf((await answered('cloud/large')).answer)).toBe('429 rate_limited');
    // the ten after the first two, who use up the three that there were, earn one more
    expect(world.calls(text)).toHaveLength(12 + 4);
  });

  it('is stopped with the request when nobody waits any more', async () => {
    world.provider.reply({ status: 429, headers: { 'retry-after-ms': '2500' } });
    const message = await router.ask(chat('cloud/large', text));
    await waitFor(() => world.calls(text).length === 1);
    await router.record(message);
    await router.cancel({ case: 'attemptId', value: message.id });
    expect(codeOf(await router.answer(message))).toBe('499 cancelled');
    expect(world.calls(text)).toHaveLength(1);
  });
});

describe('a chain under an idempotency key', () => {
  const keyed = (attemptId: string, tenantId: string) => router.ask(chat('own/small', text), { attemptId, idempotencyHash: 'hash' }, { tenantId });

  it('is answered again with the same bytes and the same reasons', async () => {
    own.provider.reply({ status: 402 });
    const [id, tenantId] = [newId(), newId()];
    await keyed(id, tenantId);
    const first = await router.answer({ id });
    await keyed(id, tenantId);
    const again = await router.answer({ id }, 2);
    expect(bodyOf(again)).toBe(bodyOf(first));
    expect(routingOf(again)).toEqual(routingOf(first));
    expect([own.calls(text), world.calls(text).length]).toEqual([1, 1]);
  });

  it('that failed altogether and cost nothing may be asked for again, as a chain of its own', async () => {
    own.provider.reply({ status: 402 });
    world.provider.reply({ status: 402 });
    const [id, tenantId] = [newId(), newId()];
    await keyed(id, tenantId);
    expect(codeOf(await router.answer({ id }))).toBe('402 quota_exhausted');
    world.provider.reply({ status: 429 });
    await keyed(id, tenantId);
    expect(codeOf(await router.answer({ id }, 2))).toBe('402 quota_exhausted'); // which says nothing of a retry, and so stands
    expect(world.calls(text)).toHaveLength(1);
    const other = newId();
    own.provider.reply({ status: 503 });
    await keyed(other, tenantId);
    expect(codeOf(await router.answer({ id: other }))).toBe('429 rate_limited');
    world.provider.reply({ text: 'at last' });
    await keyed(other, tenantId);
    expect(bodyOf(await router.answer({ id: other }, 2))).toContain('at last');
    const roots = world.ledger.asked.filter((attempt) => attempt.tenantId === tenantId).map(({ attemptId }) => attemptId);
    expect(roots).toContain(deterministicId(other, 'try', 1));
    expect(new Set(roots).size).toBe(roots.length);
  });
});

describe('a model that cannot serve a request', () => {
  it('is refused by name', async () => {
    const { answer } = await answered('cloud/mild', { messages: [{ role: 'user', content: image(text) }] });
    expect(answer.outcome).toMatchObject({ case: 'error', value: { code: 'no_model_can_serve', status: 400, message: '"cloud/mild" cannot serve this request: it takes no images.' } });
  });

  it('is passed over where others follow it', async () => {
    const { answer } = await answered('own/small', { messages: [{ role: 'user', content: image(text) }] });
    expect(codeOf(answer)).toBe('completion');
    expect(routingOf(answer).fallbacks).toMatchObject([{ model: 'own/small', code: 'not_able', reason: 'it takes no images', attemptId: '' }]);
  });
});

describe('a budget that refuses', () => {
  const refuse = (when: WhenReached, left: bigint) => ({ state: State.REFUSED, error: { code: 'budget_exceeded', message: 'The budget "small" has not enough left.', status: 429 }, whenReached: when, affordableMicroUsd: left });

  it('with a cheaper tier in mind gets one', async () => {
    world.ledger.answer = ({ model }) => (model === 'large' ? refuse(WhenReached.CHEAPER_TIER, 1n) : undefined);
    const { id, answer } = await answered('best');
    expect(answer.spend).toMatchObject({ provider: 'cloud', model: 'mild' });
    expect(routingOf(answer)).toMatchObject({ reason: 'tier best, but the budget wants a cheaper tier', fallbacks: [{ model: 'cloud/large', code: 'budget_exceeded', attemptId: id }] });
  });

  it('with a smaller context in mind gets one: the oldest turns go, whole', async () => {
    const old = (n: number) => [{ role: 'user', content: `old ${n} ${'x'.repeat(2_000)}` }, { role: 'assistant', content: `answer ${n}` }];
    const messages = [{ role: 'system', content: 'be kind' }, ...old(1), ...old(2), ...old(3), { role: 'user', content: text }];
    world.ledger.answer = ({ maxInputTokens }) => (maxInputTokens > 3_500n ? refuse(WhenReached.SMALLER_CONTEXT, 3_600n) : undefined);
    const { answer } = await answered('cloud/mini', { messages, max_tokens: 16 });
    expect(codeOf(answer)).toBe('completion');
    expect(world.calls(text)[0]?.body['messages']).toEqual([messages[0], ...old(3), { role: 'user', content: text }]);
    expect(routingOf(answer).reason).toContain('the 2 oldest turns are left out');
  });

  it('changes no answer that is kept for others: neither that of the cheaper model, nor that to less than was asked', async () => {
    const tenant = { tenantId: newId() };
    const ask = async (model: string, more = {}) => (await answered(model, more, {}, tenant)).answer;
    world.config = { 'cache.exact_seconds': '60' };
    world.ledger.answer = ({ model }) => (model === 'large' ? refuse(WhenReached.CHEAPER_TIER, 1n) : undefined);
    expect((await ask('best')).spend).toMatchObject({ model: 'mild' });
    const old = { role: 'user', content: `old ${'x'.repeat(4_000)}` };
    const long = { messages: [old, { role: 'assistant', content: 'yes' }, { role: 'user', content: text }], max_tokens: 16 };
    world.ledger.answer = ({ maxInputTokens }) => (maxInputTokens > 3_500n ? refuse(WhenReached.SMALLER_CONTEXT, 3_600n) : undefined);
    expect(routingOf(await ask('cloud/mini', long)).reason).toContain('oldest turns are left out');
    world.ledger.answer = () => undefined;
    await waitFor(async () => routingOf(await ask('own/plain')).cache === 'exact'); // by now those before it would be kept too
    expect((await ask('best')).spend).toMatchObject({ model: 'large' });
    expect(routingOf(await ask('cloud/mini', long))).toMatchObject({ cache: '', fallbacks: [] });
  });

  it('in the midst of a chain ends it, and the ledger can still be told how the attempts before it ended', async () => {
    await router.stop();
    router = await start(ROUTED, { NEXUS_OWNER_TTL_MS: '600' });
    own.provider.reply({ status: 402, text: 'no credit' });
    world.ledger.answer = ({ model }) => (model === 'mini' ? refuse(WhenReached.REFUSE, 0n) : undefined);
    const tenantId = newId();
    const { id, answer } = await answered('own/small', {}, {}, { tenantId });
    expect(codeOf(answer)).toBe('429 budget_exceeded');
    world.ledger.duties = () => ({ yours: [{ tenantId, attemptId: id }] });
    await waitFor(() => router.recordsOf({ id }).some(({ resolution, result }) => resolution === 'owner' && result === Result.FAILED));
    expect(world.ledger.reports.some(({ lost }) => lost.some(({ attemptId }) => attemptId === id))).toBe(false);
  });

  it('altogether is told by its name', async () => {
    world.ledger.answer = () => refuse(WhenReached.REFUSE, 0n);
    const { answer } = await answered('best');
    expect(answer.outcome).toMatchObject({ case: 'error', value: { code: 'budget_exceeded', status: 429, message: 'The budget "small" has not enough left.' } });
  });
});

describe('a request that comes again after its router died', () => {
  /** What the ledger knows once what was published has been booked. */
  const ledgerOfTheDead = (ids: readonly string[], result: Result) => {
    world.ledger.answer = ({ attemptId }) => (ids.includes(attemptId) ? { state: State.SETTLED, result } : undefined);
  };

  it('is gone on with where the dead router was, and no model that had failed is asked again', async () => {
    const id = newId();
    own.provider.reply({ status: 400, body: { error: { message: 'x', code: 'insufficient_quota' } } });
    world.provider.reply({ hang: 'before-headers' });
    const message = await router.ask(chat('own/small', text), { attemptId: id });
    await waitFor(() => world.calls(text).length === 1);
    // as if it had died before the ledger opened its second attempt: the note says how far it came
    await router.stop(0);
    world.provider.reply({ text: 'gone on' });
    ledgerOfTheDead([id], Result.FAILED);
    world.ledger.opened.delete(nth(id, 1));
    router = await start();
    await router.bus.publish({ ...message, id: `${message.id} again` });
    await waitFor(() => router.answersTo({ id }).some(({ payload }) => bodyOf(payload).includes('gone on')), { timeoutMs: 15_000 });
    expect(own.calls(text)).toBe(1);
    const answer = router.answersTo({ id }).find(({ payload }) => payload.outcome.case === 'completion')?.payload;
    expect(answer?.routing).toMatchObject({ model: 'cloud/mini', fallbacks: [{ model: 'own/small', code: 'quota_exhausted', attemptId: id }] });
    // what the dead one may not have told is told again
    await waitFor(() => router.recordsOf({ id }).some(({ result }) => result === Result.FAILED));
  });

  it('is never charged twice: an attempt that failed as the last word of its request is not followed by another', async () => {
    const id = newId();
    ledgerOfTheDead([id], Result.FAILED);
    const { answer } = await answered('own/small', {}, { attemptId: id });
    expect(codeOf(answer)).toBe('502 attempt_unknown');
    expect(own.calls(text) + world.calls(text).length).toBe(0);
  });
});

it('another question under an idempotency key does not go on where the one before it was broken off', async () => {
  own.provider.reply({ status: 503, headers: { 'retry-after-ms': '900' } });
  world.provider.reply({ text: 'from the cloud' });
  const tenantId = newId();
  const first = await router.ask(chat('own/small', text), { idempotencyHash: 'one' }, { tenantId });
  await waitFor(() => router.records.some(({ payload }) => payload.attemptId === first.id));
  await router.cancel({ case: 'attemptId', value: first.id });
  expect(codeOf(await router.answer(first))).toBe('499 cancelled');
  world.ledger.answer = ({ attemptId }) => (attemptId === first.id ? { state: State.SETTLED, result: Result.FAILED } : undefined);
  const asked = await router.ask(chat('cloud/large', text), { idempotencyHash: 'two', attemptId: first.id }, { tenantId });
  expect(asked.payload.attemptId).toBe(first.id);
  const answer = await router.answer(first, 2);
  expect([codeOf(answer), answer.spend?.model, own.calls(text)]).toEqual(['completion', 'large', 1]);
});
