import { Code, ConnectError } from '@connectrpc/connect';
import type { Message } from '@nexus/channels';
import { OpenedAttempt_State as State, type InferenceResponse } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { checkCatalogue, probeTenantIsolation, servingUrl } from '@nexus/postgres';
import { databaseUrls } from '@nexus/runtime';
import { postgresTest, startRedis, waitFor, type RedisServer } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld } from './router-test.js';

const OTHER = 'asker-2';
const postgres = postgresTest();
let redis: RedisServer;
let world: RouterWorld;
let router: RouterUnderTest;
let admin: Client;
let text: string;
const others: Message<'inference.response'>[] = [];

beforeAll(async () => {
  world = await RouterWorld.start();
  redis = await startRedis({ appendonly: false });
  router = await start();
  const reader = router.bus.followReplies('inference.response', OTHER, (batch) => void others.push(...batch));
  await reader.ready;
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await router.stop(0);
  await redis.stop();
  await world.provider.close();
});
beforeEach(() => {
  world.reset();
  text = `question ${newId()}`;
});

const start = (replica = 'test-1', isSecond = false) => RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, replica, isSecond });
const chat = (more: object = {}) => ({ model: 'fake/priced', messages: [{ role: 'user', content: text }], ...more });
const ask = (attemptId: string, tenantId: string, more: object = {}, fields: { idempotencyHash?: string; wantParts?: boolean; replyTo?: string; deadlineMs?: bigint } = {}) => {
  const { replyTo, ...payload } = fields;
  return router.ask(chat(more), { attemptId, idempotencyHash: 'hash-1', ...payload }, { tenantId, ...(replyTo && { replyTo }) });
};
const codeOf = ({ outcome }: InferenceResponse): string => (outcome.case === 'error' ? `${outcome.value.status} ${outcome.value.code}` : String(outcome.case));
const bodyOf = ({ outcome }: InferenceResponse): string => (outcome.case === 'completion' && outcome.value.output.case === 'body' ? Buffer.from(outcome.value.output.value).toString() : '');
const stored = async (id: string) => (await admin.query<{ request_hash: string; response: Buffer | null }>('SELECT request_hash, response FROM router.answer WHERE id = $1', [id])).rows[0] ?? { request_hash: undefined, response: null };
const otherAnswer = (id: string): Promise<InferenceResponse> => waitFor(() => others.find(({ payload }) => payload.attemptId === id)?.payload, { timeoutMs: 15_000, what: 'an answer to the other asker' });

describe('a completion under an idempotency key', () => {
  it('is made once, and answered again with the same bytes, also by another life and to another asker', async () => {
    const [id, tenant] = [newId(), newId()];
    const first = await router.answer(await ask(id, tenant));
    await router.record({ id });
    await router.stop(500);
    router = await start();
    const reader = router.bus.followReplies('inference.response', OTHER, (batch) => void others.push(...batch));
    await reader.ready;
    await ask(id, tenant, {}, { replyTo: OTHER });
    const again = await otherAnswer(id);
    expect(bodyOf(first)).toContain('hello');
    expect(bodyOf(again)).toBe(bodyOf(first));
    expect(again.spend).toEqual(first.spend);
    expect(world.calls(text)).toHaveLength(1);
    // the ledger may not have heard of it
    await expect.poll(() => router.recordsOf({ id }).length).toBeGreaterThan(0);
  });

  it('is refused for another question, before and after the answer', async () => {
    const [id, tenant] = [newId(), newId()];
    const release = Promise.withResolvers<void>();
    world.provider.reply(async () => {
      await release.promise;
      return { text: 'late' };
    });
    const message = await ask(id, tenant);
    await waitFor(() => world.calls(text).length === 1);
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2', replyTo: OTHER });
    expect(codeOf(await otherAnswer(id))).toBe('422 idempotency_key_reused');
    others.length = 0;
    await ask(id, tenant, {}, { replyTo: OTHER });
    expect(codeOf(await otherAnswer(id))).toBe('409 in_progress');
    release.resolve();
    expect(codeOf(await router.answer(message))).toBe('completion');
    others.length = 0;
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2', replyTo: OTHER });
    expect(codeOf(await otherAnswer(id))).toBe('422 idempotency_key_reused');
    expect(world.calls(text)).toHaveLength(1);
  });

  it.each(['was noted later', 'was noted first'])('is in flight for whoever asks at another replica and %s', async (when) => {
    const [id, tenant] = [newId(), newId()];
    world.provider.reply({ hang: 'before-headers' });
    await ask(id, tenant);
    await waitFor(() => world.calls(text).length === 1);
    if (when === 'was noted first') await admin.query('UPDATE router.answer SET asker = $2 WHERE id = $1', [id, OTHER]);
    const second = await start('test-2', true);
    // either replica may read it: both have to say the same
    others.length = 0;
    for (let asked = 0; asked < 6; asked++) await ask(id, tenant, {}, { replyTo: OTHER });
    await waitFor(() => others.filter(({ payload }) => payload.attemptId === id).length === 6, { timeoutMs: 15_000 });
    expect(new Set(others.map(({ payload }) => codeOf(payload)))).toEqual(new Set(['409 in_progress']));
    expect(world.calls(text)).toHaveLength(1);
    await router.cancel({ case: 'attemptId', value: id });
    await second.stop(500);
  });

  it('is streamed again as it was', async () => {
    const [id, tenant] = [newId(), newId()];
    world.provider.reply({ text: 'a stream of some words' });
    const first = await router.answer(await ask(id, tenant, { stream: true }, { wantParts: true }));
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === id).length >= Number(first.parts));
    const events = router.eventsOf({ id });
    router.parts.length = 0;
    await ask(id, tenant, { stream: true }, { wantParts: true });
    const again = await router.answer({ id }, 2);
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === id).length >= Number(again.parts));
    expect(router.eventsOf({ id })).toBe(events);
    expect(events.match(/^data: /gm)?.length).toBeGreaterThan(1);
    expect(world.calls(text)).toHaveLength(1);
  });

  it('tries again after a failure that cost nothing, as an attempt of its own under the same id', async () => {
    const [id, tenant] = [newId(), newId()];
    world.provider.reply({ status: 429 });
    const first = await router.answer(await ask(id, tenant, { stream: true }, { wantParts: true }));
    expect(first.outcome).toMatchObject({ case: 'error', value: { status: 429, isRetryable: true } });
    world.provider.reply({ text: 'better' });
    await ask(id, tenant, { stream: true }, { wantParts: true });
    const second = await router.answer({ id }, 2);
    expect(codeOf(second)).toBe('completion');
    await waitFor(() => router.eventsOf({ id }).includes('better'));
    const attempts = world.ledger.asked.filter((attempt) => attempt.tenantId === tenant).map(({ attemptId }) => attemptId);
    expect(attempts).toEqual([id, expect.not.stringContaining(id)]);
    await waitFor(() => attempts.every((attempt) => router.recordsOf({ id: attempt }).length === 1));
    expect(world.calls(text)).toHaveLength(2);
    expect(codeOf(await router.answer(await ask(id, tenant, { stream: true }, { wantParts: true }), 3))).toBe('completion');
    expect(world.calls(text)).toHaveLength(2);
  });

  it('may be corrected when it was refused before any call', async () => {
    const [id, tenant] = [newId(), newId()];
    expect(codeOf(await router.answer(await ask(id, tenant, { model: 'nobody/knows' })))).toBe('404 model_not_found');
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2' });
    expect(codeOf(await router.answer({ id }, 2))).toBe('completion');
  });

  it.each([['as it was', 'hash-1'], ['corrected', 'hash-2']])('is asked for %s as an attempt of its own after the ledger refused one, which it never opens any more', async (_how, idempotencyHash) => {
    const [id, tenant] = [newId(), newId()];
    const error = { code: 'budget_exceeded', message: 'The budget "small" has not enough left.', status: 429 };
    world.ledger.answer = ({ attemptId }) => (attemptId === id ? { state: State.REFUSED, error } : undefined);
    expect(codeOf(await router.answer(await ask(id, tenant)))).toBe('429 budget_exceeded');
    await ask(id, tenant, {}, { idempotencyHash });
    expect(codeOf(await router.answer({ id }, 2))).toBe('completion');
    await ask(id, tenant, {}, { idempotencyHash: 'hash-3' });
    expect(codeOf(await router.answer({ id }, 3))).toBe('422 idempotency_key_reused');
    expect(world.calls(text)).toHaveLength(1);
  });

  it('stays under way for its first asker when another one is refused before any call', async () => {
    const [id, tenant] = [newId(), newId()];
    const [release, answer] = [Promise.withResolvers<void>(), newId()];
    world.provider.reply(async () => {
      await release.promise;
      return { text: answer };
    });
    const message = await ask(id, tenant);
    await waitFor(() => world.calls(text).length === 1);
    others.length = 0;
    await ask(id, tenant, {}, { replyTo: OTHER, deadlineMs: 1n });
    expect(codeOf(await otherAnswer(id))).toBe('504 deadline_exceeded');
    others.length = 0;
    await ask(id, tenant, {}, { replyTo: OTHER, idempotencyHash: 'hash-2' });
    expect(codeOf(await otherAnswer(id))).toBe('422 idempotency_key_reused');
    release.resolve();
    expect(bodyOf(await router.answer(message))).toContain(answer);
    expect((await stored(id)).response?.toString()).toContain(answer);
  });

  it.each([
    ['is kept also when nothing stands under its key any more', 'DELETE FROM router.answer WHERE id = $1', 'hash-1'],
    ['is kept from the place of another question that stands under its key meanwhile', "UPDATE router.answer SET request_hash = 'hash-2' WHERE id = $1", undefined],
  ])('%s', async (_what, meanwhile, keptFor) => {
    const [id, tenant] = [newId(), newId()];
    const release = Promise.withResolvers<void>();
    world.provider.reply(async () => {
      await release.promise;
      return { text: 'late' };
    });
    const message = await ask(id, tenant);
    await waitFor(() => world.calls(text).length === 1);
    await admin.query(meanwhile, [id]);
    release.resolve();
    expect(codeOf(await router.answer(message))).toBe('completion');
    const { request_hash: hash, response } = await stored(id);
    expect(response === null ? undefined : hash).toBe(keptFor);
  });

  it('is never answered with the answer to another question, though nothing stands under its key any more', async () => {
    const [id, tenant] = [newId(), newId()];
    expect(bodyOf(await router.answer(await ask(id, tenant)))).toContain('hello');
    await admin.query('DELETE FROM router.answer WHERE id = $1', [id]);
    world.provider.reply({ text: 'another' });
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2' });
    expect(bodyOf(await router.answer({ id }, 2))).not.toContain('hello');
  });

  it('is an attempt of its own after the ledger was not heard until nobody waited any more', async () => {
    const [id, tenant] = [newId(), newId()];
    const deadline = Date.now() + 300;
    world.ledger.answer = async ({ attemptId }) => {
      if (attemptId !== id) return undefined;
      if (Date.now() > deadline) return { state: State.SETTLED };
      await waitFor(() => Date.now() > deadline);
      throw new ConnectError('away', Code.Unavailable);
    };
    expect(codeOf(await router.answer(await ask(id, tenant, {}, { deadlineMs: BigInt(deadline) })))).toBe('503 usage_unavailable');
    await ask(id, tenant);
    expect(codeOf(await router.answer({ id }, 2))).toBe('completion');
  });

  it('is made when its key has expired, though the ledger still has the attempts that were made under it', async () => {
    const [id, tenant] = [newId(), newId()];
    world.provider.reply({ status: 429 });
    await router.answer(await ask(id, tenant));
    world.provider.reply({ text: 'old' });
    await ask(id, tenant);
    expect(bodyOf(await router.answer({ id }, 2))).toContain('old');
    await admin.query("UPDATE router.answer SET expires_at = now() - interval '1 second' WHERE id = $1", [id]);
    world.provider.reply({ text: 'new' });
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2' });
    expect(bodyOf(await router.answer({ id }, 3))).toContain('new');
    await ask(id, tenant, {}, { idempotencyHash: 'hash-2' });
    expect(bodyOf(await router.answer({ id }, 4))).toContain('new');
    expect(world.calls(text)).toHaveLength(3);
  });

  it('is not made again when its outcome is not known', async () => {
    const [id, tenant] = [newId(), newId()];
    world.ledger.opened.set(id, 'a life that is over');
    await admin.query("INSERT INTO router.answer VALUES ($1, $2, 'hash-1', 0, 'asker-1', NULL, NULL, NULL, now(), now() + interval '7 days')", [tenant, id]);
    expect(codeOf(await router.answer(await ask(id, tenant)))).toBe('502 attempt_unknown');
    await ask(id, tenant);
    expect(codeOf(await router.answer({ id }, 2))).toBe('502 attempt_unknown');
    expect(world.calls(text)).toEqual([]);
  });

  it('stores nothing of a completion without a key', async () => {
    const tenant = newId();
    await router.answer(await router.ask(chat(), {}, { tenantId: tenant }));
    expect((await admin.query('SELECT FROM router.answer WHERE tenant_id = $1', [tenant])).rowCount).toBe(0);
  });
});

describe('the tables of the router', () => {
  it('follow every rule that keeps tenants apart', async () => {
    expect(await checkCatalogue(admin, ['router'])).toEqual([]);
    const [tenantA, tenantB] = [newId(), newId()];
    for (const tenant of [tenantA, tenantB]) {
      await admin.query("INSERT INTO router.answer VALUES ($1, $1, 'h', 0, 'a', NULL, NULL, NULL, now(), now() + interval '1 day')", [tenant]);
      await admin.query("INSERT INTO router.bucket VALUES ($1, 'b', 1, 1, now())", [tenant]);
      await admin.query("INSERT INTO router.cache VALUES ($1, $1, 'm', '{}', NULL, now() + interval '1 day')", [tenant]);
      await admin.query("INSERT INTO router.similar VALUES ($1, $1, $1, '', 'm', '{}', now() + interval '1 day')", [tenant]);
      await admin.query("INSERT INTO router.chain VALUES ($1, $1, 1, 'm', '', '{}', now() + interval '1 day')", [tenant]);
      await admin.query("INSERT INTO router.idempotency_key VALUES ($1, $1, 'm', '', '', NULL, now(), NULL, now(), now() + interval '1 day')", [tenant]);
      await admin.query("INSERT INTO router.dead_letter (tenant_id, id, channel, consumer_group, entry_id, raw, reason_code, reason, deliveries, first_seen_at, last_seen_at) VALUES ($1, $1, 'c', 'g', '1-1', '', 'r', 'r', 1, now(), now())", [tenant]);
    }
    const { servingPassword } = databaseUrls('router', { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken: 'service-token-of-the-tests' });
    const serving = new Client({ connectionString: servingUrl(postgres.url, 'router', servingPassword) });
    await serving.connect();
    const report = await probeTenantIsolation({ admin, serving, schema: 'router', tenantA, tenantB });
    await serving.end();
    expect(report).toEqual({ violations: [], tables: ['router.answer', 'router.bucket', 'router.cache', 'router.chain', 'router.dead_letter', 'router.idempotency_key', 'router.similar'] });
  });
});
