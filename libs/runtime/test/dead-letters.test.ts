import { create } from '@bufbuild/protobuf';
import { createClient, type Client } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Controller, Module } from '@nestjs/common';
import { outgoing, redisBus, type ChannelBus, type Message, type OutgoingMessage, type Subscription } from '@nexus/channels';
import { DeadLetterService, UsageRecordedSchema } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { postgresTest, redisTest } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConsumesBatches, fromConnectError, startService, type RunningService } from '../src/index.js';
import { SERVICE_TOKEN, TENANT_A, testDefinition, testInfrastructure } from './test-service.js';
import { openToolsDatabase } from './tools-database.js';

const handled: string[] = [];
/** What is wrong with messages at the moment; undefined when they can be handled. */
let cause: string | undefined;

@Controller()
class Consumer {
  @ConsumesBatches('usage.recorded')
  async settle(batch: readonly Message<'usage.recorded'>[]): Promise<OutgoingMessage[]> {
    if (cause !== undefined && batch.some(({ id }) => id.startsWith('poison'))) throw new AppError(cause, 'It cannot be booked.', { status: 400 });
    handled.push(...batch.map(({ id }) => id));
    return [];
  }
}

@Module({ controllers: [Consumer] })
class ConsumerModule {}

const postgres = postgresTest();
const redis = redisTest();
let bus: ChannelBus;
let database: Database;
let service: RunningService;
let audited: Subscription;
const audits: Message<'audit.recorded'>[] = [];
beforeAll(async () => {
  database = await openToolsDatabase(postgres.url);
  bus = redisBus(redis.url, { prefix: redis.prefix });
  audited = bus.consumeBatches({ channel: 'audit.recorded', group: 'test', consumer: 'test', onDeadLetter: async () => [] }, async (batch) => {
    audits.push(...batch);
    return [];
  });
  const definition = { ...testDefinition, module: () => ConsumerModule, storage: { schema: 'tools', migrations: [] } };
  service = await startService(definition, { ...testInfrastructure({ bus }), database }, { listen: true, port: 0 });
});
afterAll(async () => {
  await service.stop(1_000);
  await audited.stop();
  await bus.close();
  await database.close();
});
beforeEach(() => {
  handled.length = audits.length = 0;
  cause = 'cannot_be_booked';
});

function letters(secret: string, tenantId?: string): Client<typeof DeadLetterService> {
  return createClient(DeadLetterService, createConnectTransport({
    baseUrl: service.url ?? '', httpVersion: '1.1',
    interceptors: [(next) => (request) => {
      request.header.set('authorization', `Bearer ${secret}`);
      if (tenantId !== undefined) request.header.set('x-nexus-tenant', tenantId);
      return next(request);
    }],
  }));
}

/** Two cores may be busy with other things. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 });
const admin = (): Client<typeof DeadLetterService> => letters('nxs_admin');
const listed = async () => (await admin().listDeadLetters({})).deadLetters;
const poison = async (...names: string[]): Promise<string[]> => {
  const ids = names.map((name) => `poison ${name} ${newId()}`);
  await bus.publishAll(ids.map((id) => outgoing({ channel: 'usage.recorded', id, tenantId: TENANT_A, payload: create(UsageRecordedSchema, { attemptId: `attempt of ${id}` }) })));
  return ids;
};
const refusal = (call: Promise<unknown>) => call.then(() => undefined, fromConnectError);
const clear = () => admin().purgeDeadLetters({ selection: { all: true } });

describe('dead letters of a service', () => {
  it('are shown to admins with what they held, and handled once when they are replayed after the cause is gone', async () => {
    const [id = ''] = await poison('one');
    await soon(listed).toMatchObject([{ messageId: id, reasonCode: 'cannot_be_booked', channel: 'usage.recorded', tenantId: TENANT_A, replays: 0 }]);
    const [letter] = await listed();
    expect(letter?.raw).toHaveLength(0);
    const shown = await admin().getDeadLetter({ id: letter?.id ?? '' });
    expect(shown.problem).toBe('');
    expect(shown.fields.find(({ name }) => name === 'payload')?.value).toEqual({ case: 'text', value: JSON.stringify({ attemptId: `attempt of ${id}` }) });

    cause = undefined;
    expect(await admin().replayDeadLetters({ selection: { ids: [letter?.id ?? ''] }, dryRun: true })).toMatchObject({ selected: 1, replayed: 0 });
    expect(handled).toEqual([]);
    expect(await admin().replayDeadLetters({ selection: { ids: [letter?.id ?? ''] } })).toMatchObject({ selected: 1, replayed: 1, failures: [], hasMore: false });
    await soon(() => handled).toEqual([id]);
    expect(await listed()).toEqual([]);
    expect(await admin().replayDeadLetters({ selection: { ids: [letter?.id ?? ''] } })).toMatchObject({ selected: 0, replayed: 0 });
    await soon(() => audits).toMatchObject([{ tenantId: TENANT_A, payload: { actor: 'key:key-admin', action: 'dead_letters.replayed', subject: 'tool-executor', after: '{"replayed":1,"failed":0}' } }]);
    expect(handled).toEqual([id]);
  });

  it('become letters again when they fail again, and keep their first time', async () => {
    const ids = await poison('a', 'b', 'c');
    await soon(listed).toHaveLength(3);
    const before = new Map((await listed()).map((letter) => [letter.messageId, letter.firstSeenAt]));
    cause = 'still_wrong';
    expect(await admin().replayDeadLetters({ selection: { reasonCode: 'cannot_be_booked' } })).toMatchObject({ selected: 3, replayed: 3, hasMore: false });
    await soon(async () => (await listed()).map(({ reasonCode, replays }) => [reasonCode, replays])).toEqual(ids.map(() => ['still_wrong', 1]));
    expect(new Map((await listed()).map((letter) => [letter.messageId, letter.firstSeenAt]))).toEqual(before);
    expect((await admin().countDeadLetters({})).counts).toMatchObject([{ channel: 'usage.recorded', consumerGroup: 'tool-executor', reasonCode: 'still_wrong', count: 3 }]);

    expect(await admin().replayDeadLetters({ selection: { reasonCode: 'cannot_be_booked' } })).toMatchObject({ selected: 0, replayed: 0 });
    expect(await admin().purgeDeadLetters({ selection: { channel: 'usage.recorded' }, dryRun: true })).toMatchObject({ selected: 3, purged: 0 });
    expect(await admin().purgeDeadLetters({ selection: { channel: 'usage.recorded' } })).toMatchObject({ selected: 3, purged: 3, hasMore: false });
    expect(await listed()).toEqual([]);
    await soon(() => audits.map(({ payload }) => [payload.action, payload.after])).toEqual([['dead_letters.replayed', '{"replayed":3,"failed":0}'], ['dead_letters.purged', '{"purged":3}']]);
  });

  it('are replayed in the order in which they failed', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(...(await poison(String(i))));
      await soon(async () => (await listed()).length).toBe(i + 1);
    }
    cause = undefined;
    await admin().replayDeadLetters({ selection: { all: true } });
    await soon(() => handled).toEqual(ids);
  });

  it('come page by page', async () => {
    await poison('a', 'b', 'c');
    await soon(listed).toHaveLength(3);
    const first = await admin().listDeadLetters({ limit: 2 });
    const second = await admin().listDeadLetters({ limit: 2, cursor: first.nextCursor });
    expect([...first.deadLetters, ...second.deadLetters].map(({ id }) => id)).toEqual((await listed()).map(({ id }) => id));
    expect([second.deadLetters.length, second.nextCursor]).toEqual([1, '']);
    expect(await refusal(admin().listDeadLetters({ cursor: 'none' }))).toMatchObject({ code: 'invalid_cursor' });
    await clear();
  });

  it('are nobody else\'s: not of a plain key, not of another tenant, and the system\'s only with the service token', async () => {
    await poison('mine');
    await soon(listed).toHaveLength(1);
    const id = (await listed())[0]?.id ?? '';
    const others = letters(SERVICE_TOKEN, newId());
    for (const call of [letters('nxs_plain').getDeadLetter({ id }), letters('nxs_plain').countDeadLetters({}), letters('nxs_plain').replayDeadLetters({ selection: { all: true } }), letters('nxs_plain').purgeDeadLetters({ selection: { all: true } })]) {
      expect(await refusal(call)).toMatchObject({ code: 'admin_required', status: 403 });
    }
    expect(await refusal(others.getDeadLetter({ id }))).toMatchObject({ code: 'dead_letter_not_found', status: 404 });
    expect(await others.purgeDeadLetters({ selection: { ids: [id] } })).toMatchObject({ selected: 0, purged: 0 });
    expect(await letters(SERVICE_TOKEN).replayDeadLetters({ selection: { all: true } })).toMatchObject({ selected: 0 });
    expect(await listed()).toHaveLength(1);
    await clear();
  });

  it('of nobody known are shown with the service token, without the key that they hold', async () => {
    const client = new Redis(redis.url);
    await client.xadd(`${redis.prefix}usage.recorded`, '*', 'id', 'x', 'payload', Buffer.from([0xff]), 'metadata', '{"authorization":"Bearer nxs_very_secret"}');
    client.disconnect();
    const system = letters(SERVICE_TOKEN);
    await soon(async () => (await system.listDeadLetters({})).deadLetters).toHaveLength(1);
    const id = (await system.listDeadLetters({ about: 'x' })).deadLetters[0]?.id ?? '';
    const shown = await system.getDeadLetter({ id });
    expect(JSON.stringify(shown.fields.map(({ value }) => String(value.value)))).not.toContain('very_secret');
    expect(shown.problem).toContain('payload is not');
    expect(shown.fields.find(({ name }) => name === 'payload')?.value).toEqual({ case: 'bytes', value: Uint8Array.from([0xff]) });
    expect(await refusal(admin().getDeadLetter({ id }))).toMatchObject({ code: 'dead_letter_not_found' });
    expect(await system.purgeDeadLetters({ selection: { ids: [id] } })).toMatchObject({ purged: 1 });
  });

  it.each([
    ['nothing', {}],
    ['ids and more', { ids: [newId()], channel: 'usage.recorded' }],
    ['an id that is none', { ids: ['first'] }],
    ['too many ids', { ids: Array.from({ length: 1_001 }, () => newId()) }],
  ])('are left alone when %s is selected', async (_what, selection) => {
    expect(await refusal(admin().purgeDeadLetters({ selection }))).toMatchObject({ code: 'invalid_selection', status: 400 });
    expect(await refusal(admin().replayDeadLetters({ selection }))).toMatchObject({ code: 'invalid_selection', status: 400 });
  });

  it('are measured at /metrics', async () => {
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain('nexus_dead_letters_alert_threshold{service="tool-executor"} 100');
  });
});
