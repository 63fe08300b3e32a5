import { OpenedAttempt_State as State, UsageRecorded_Result as Result } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld, requestOf } from './router-test.js';

const OWNER_TTL_MS = 600;
const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let second: RouterUnderTest | undefined;
let text: string;

const start = (replica: string, isSecond = false) =>
  RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, replica, isSecond, environment: { NEXUS_OWNER_TTL_MS: String(OWNER_TTL_MS) } });
beforeAll(async () => {
  world = await RouterWorld.start();
  router = await start('first');
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  text = `question ${newId()}`;
});
afterEach(async () => {
  await second?.stop();
  second = undefined;
});

const chat = (more: object = {}) => ({ model: 'fake/priced', messages: [{ role: 'user', content: text }], ...more });
const run = () => ({ runId: newId(), threadId: newId(), step: 1, epoch: 1n });
const ownerOf = (attemptId: string) => world.ledger.opened.get(attemptId) ?? '';
/** What the owner of an attempt says of it, once the ledger asks. */
const toldAbout = (what: 'lost' | 'uncalled' | 'unresolvable', id: string) => world.ledger.reports.some((report) => report[what].some(({ attemptId }) => attemptId === id));

describe('two replicas', () => {
  it('ask the provider once for a request that comes again while it is under way, whoever reads it', async () => {
    second = await start('second', true);
    world.provider.reply({ text: 'slow', delayMs: 700 });
    const message = await router.ask(chat({}), { run: run() });
    await waitFor(() => world.calls(text).length === 1);
    for (let i = 0; i < 20; i++) await router.bus.publish(message);
    expect((await router.answer(message)).outcome.case).toBe('completion');
    expect(await router.record(message)).toMatchObject({ result: Result.SUCCEEDED });
    expect(world.calls(text)).toHaveLength(1);
    const asked = world.ledger.asked.filter(({ attemptId }) => attemptId === message.id);
    expect(new Set(asked.map(({ owner }) => owner.split(' ')[0]))).toEqual(new Set(['first', 'second']));
    expect(router.answersTo(message).every(({ payload }) => payload.outcome.case === 'completion')).toBe(true);
  });
});

describe('a run that asks again through another replica', () => {
  const settledBy = (owner: string) => () => ({ state: State.SETTLED, owner });

  it('gets the answer of the one that made the call, while that one lives', async () => {
    world.provider.reply({ text: 'once' }, { text: 'twice' });
    const message = await router.ask(chat(), { run: run() });
    const first = await router.answer(message);
    second = await start('second', true);
    world.ledger.answer = settledBy(ownerOf(message.id));
    // The one that answered knows by itself; the other one asks it.
    const isRead = () => world.ledger.asked.some(({ attemptId, owner }) => attemptId === message.id && owner.startsWith('second '));
    await waitFor(async () => {
      await router.bus.publish(message);
      return isRead();
    });
    await waitFor(() => router.answersTo(message).length > 2);
    expect(router.answersTo(message).map(({ payload }) => payload.outcome)).toEqual(router.answersTo(message).map(() => first.outcome));
    expect(world.calls(text)).toHaveLength(1);
  });

  it.each(['has forgotten', 'is gone'])('is told that nobody knows when that one %s', async (what) => {
    const before = await router.ask(chat());
    await router.answer(before);
    world.ledger.answer = settledBy(what === 'is gone' ? '' : ownerOf(before.id));
    const message = await router.ask(chat(), { run: run() });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'attempt_unknown' } });
  });
});

describe('an owner', () => {
  it('opens nothing before the ledger has heard that it lives, and reports as long as it does', async () => {
    const message = await router.ask(chat());
    await router.answer(message);
    const owner = ownerOf(message.id);
    expect(owner).toMatch(/^first [0-9a-f-]{36}$/);
    const [report] = world.ledger.reports.filter((one) => one.owner === owner);
    expect(report).toMatchObject({ replica: 'first', ttlMs: BigInt(OWNER_TTL_MS), lost: [], uncalled: [] });
    const before = world.ledger.reports.length;
    await waitFor(() => world.ledger.reports.length > before + 2);
  });

  it('says when it has ended', async () => {
    second = await start('third', true);
    await waitFor(() => world.ledger.reports.some(({ replica }) => replica === 'third'));
    await second.stop();
    second = undefined;
    expect(world.ledger.reports.findLast(({ replica }) => replica === 'third')).toMatchObject({ ttlMs: 0n });
  });

  it('answers a request that comes again with what it answered before', async () => {
    world.provider.reply({ text: 'once' }, { text: 'twice' });
    const message = await router.ask(chat(), { run: run() });
    const first = await router.answer(message);
    await router.bus.publish(message);
    expect(await router.answer(message, 2)).toEqual(first);
    await waitFor(() => router.recordsOf(message).length === 2);
    expect(new Set(router.recordsOf(message).map(({ resolution }) => resolution))).toEqual(new Set(['']));
    expect(world.calls(text)).toHaveLength(1);
  });

  it('that is asked about an attempt ignores it while the call is under way', async () => {
    world.provider.reply({ text: 'slow', delayMs: 1_000 });
    const message = await router.ask(chat());
    await waitFor(() => world.calls(text).length === 1);
    world.ledger.duties = () => ({ yours: [{ tenantId: message.tenantId ?? '', attemptId: message.id }] });
    const before = world.ledger.reports.length;
    await waitFor(() => world.ledger.reports.length > before + 2);
    world.ledger.duties = () => ({});
    expect((await router.answer(message)).outcome.case).toBe('completion');
    expect(toldAbout('lost', message.id)).toBe(false);
  });

  it('that is asked about an attempt it has answered tells it again, as the owner', async () => {
    const message = await router.ask(chat());
    await router.answer(message);
    world.ledger.duties = () => ({ yours: [{ tenantId: message.tenantId ?? '', attemptId: message.id }] });
    await router.answer(message, 2);
    await waitFor(() => router.recordsOf(message).some(({ resolution }) => resolution === 'owner'));
    expect(toldAbout('lost', message.id)).toBe(false);
  });

  it('that is asked about an attempt it knows nothing of says that it is lost', async () => {
    const [tenantId, attemptId] = [newId(), newId()];
    world.ledger.duties = () => ({ yours: [{ tenantId, attemptId }] });
    await waitFor(() => toldAbout('lost', attemptId));
  });

  it('says at once of a call whose end it could not hear that it is lost', async () => {
    world.provider.reply({ hang: 'before-headers' });
    const message = await router.ask(chat({ model: 'modern/next' }));
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'timeout' } });
    await waitFor(() => toldAbout('lost', message.id));
  });

  it('says again what the ledger could not hear', async () => {
    let isAway = true;
    const [tenantId, attemptId] = [newId(), newId()];
    world.ledger.duties = () => ({ yours: [{ tenantId, attemptId }] });
    await waitFor(() => toldAbout('lost', attemptId));
    const heard = world.ledger.reports.length;
    world.ledger.duties = ({ lost }) => {
      if (lost.length > 0 && isAway) {
        isAway = false;
        throw new Error('away');
      }
      return {};
    };
    await waitFor(() => world.ledger.reports.slice(heard).filter(({ lost }) => lost.some((one) => one.attemptId === attemptId)).length >= 2);
  });
});

it('a small call on the way to an answer is not lost while it is under way', async () => {
  await router.stop();
  const classifying = await RouterUnderTest.start(world, {
    redisUrl: redis.url, databaseUrl: postgres.url, replica: 'classifying', environment: { NEXUS_OWNER_TTL_MS: String(OWNER_TTL_MS) },
    routing: 'tiers: { fast: [fake/free], balanced: [fake/priced] }\nclassifier: { model: fake/free, within_ms: 5000 }\n',
  });
  try {
    world.provider.reply(({ text: asked }) => (asked.includes('You sort requests') ? { text: 'balanced', delayMs: 1_500 } : { text: 'answer' }));
    const tenantId = newId();
    const ids: string[] = [];
    world.ledger.duties = () => ({ yours: ids.map((attemptId) => ({ tenantId, attemptId })) });
    const message = requestOf(chat({ model: 'auto', messages: [{ role: 'user', content: `${text} ${'the weather over the hills and what came of it '.repeat(20)}` }] }), {}, { tenantId });
    const small = deterministicId(message.id, 'classify');
    ids.push(small);
    await classifying.bus.publish(message);
    await waitFor(() => world.ledger.opened.has(small));
    expect((await classifying.answer(message)).routing).toMatchObject({ classifier: 'model', tier: 'balanced' });
    await waitFor(() => classifying.recordsOf({ id: small }).some(({ resolution }) => resolution === 'owner')); // the ledger still asks
    expect(toldAbout('lost', small)).toBe(false);
  } finally {
    await classifying.stop();
    router = await start('first');
  }
});
