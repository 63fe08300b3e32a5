import { KeyKind, Outcome, RunStatus, type ProcessedRequest } from '@nexus/contracts';
import { SYSTEM_TENANT_ID, newId } from '@nexus/core';
import { asTenant, signPublisher } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IncomingReader } from '../src/incoming.reader.js';
import { Neighbours } from './neighbours.js';
import { Directory, SERVICE_TOKEN, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, keyId, secret } = directory.tenant();
let replica: Replica;
let world: Neighbours;
let id: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => ({ text: 'hello' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(() => {
  id = newId();
});

describe('who may publish', () => {
  it.each([['nothing', undefined], ['a token that nobody knows', 'unknown']])('BUS-4 refuses a message with %s', async (_what, token) => {
    await world.ask(id, { text: 'hi', chatId: '7' }, token, { correlationId: 'c-1' });
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.REFUSED, chatId: '7', error: { code: 'unauthenticated', status: 401 } });
    expect(world.answers.find(({ payload }) => payload.messageId === id)).toMatchObject({ correlationId: 'c-1', tenantId: SYSTEM_TENANT_ID });
  });

  it('BUS-4 holds a surface token to its surfaces', async () => {
    const surface = directory.tenant({ kind: KeyKind.SURFACE, surfaces: ['telegram'] });
    await world.ask(id, { text: 'hi', surface: 'discord' }, surface.secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'permission_denied', param: 'surface' } });
    directory.people.link(surface.tenantId, 'telegram', '7', 'Ann');
    await world.ask(`${id} 2`, { text: 'hi', surface: 'telegram', sender: { id: '7' } }, surface.secret);
    expect(await world.answer(`${id} 2`)).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('BUS-4 trusts the signature of a service, on its own message only', async () => {
    const authorization = signPublisher(SERVICE_TOKEN, { tenantId, keyId, client: 'c', project: 'p' }, id);
    await world.ask(id, { text: 'hi' }, undefined, { metadata: { authorization } });
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED });
    await world.ask(`${id} 2`, { text: 'hi' }, undefined, { metadata: { authorization } });
    expect(await world.answer(`${id} 2`)).toMatchObject({ outcome: Outcome.REFUSED });
  });

  it('BUS-4 answers to a reply-to that the token owns, and to the channel itself otherwise', async () => {
    const mine: string[] = [];
    const replies = world.bus.followReplies('requests.processed', `${keyId}.a`, (batch) => void mine.push(...batch.map(({ payload }) => payload.messageId)));
    await replies.ready;
    await world.ask(id, { text: 'hi' }, secret, { replyTo: `${keyId}.a` });
    await waitFor(() => mine.includes(id));
    await world.ask(`${id} 2`, { text: 'hi' }, secret, { replyTo: 'somebody-else' });
    await world.answer(`${id} 2`);
    expect(world.answersTo(id)).toEqual([]);
    await replies.stop();
  });
});

it('a service that asks again gets the answer again, an adapter has it already', async () => {
  const heard: string[] = [];
  const listening = ['gateway.x', `${keyId}.b`].map((reader) => world.bus.followReplies('requests.processed', reader, (batch) => void heard.push(...batch.map(() => reader))));
  await Promise.all(listening.map(({ ready }) => ready));
  const authorization = signPublisher(SERVICE_TOKEN, { tenantId, keyId, client: '', project: '' }, id);
  for (let times = 1; times <= 2; times++) {
    await world.ask(id, { text: 'hi' }, undefined, { metadata: { authorization }, replyTo: 'gateway.x' });
    await waitFor(() => heard.length === times);
  }
  for (let times = 0; times < 2; times++) {
    await world.ask(id, { text: 'hi' }, secret, { replyTo: `${keyId}.b` });
    await waitFor(() => heard.length === 3);
  }
  await world.ask(`${id} after`, { text: 'hi' }, secret, { replyTo: `${keyId}.b` });
  await waitFor(() => heard.length === 4);
  expect(heard).toEqual(['gateway.x', 'gateway.x', `${keyId}.b`, `${keyId}.b`]);
  await Promise.all(listening.map((reader) => reader.stop()));
});

describe('what is published', () => {
  it.each([
    ['text', { text: ' ' }],
    ['thread_id', { text: 'hi', threadId: 'x' }],
    ['deadline_ms', { text: 'hi', deadlineMs: 1n }],
    ['deadline_ms', { text: 'hi', deadlineMs: 9_223_372_036_854_775_807n }],
    ['cancels_message_id', { cancelsMessageId: 'never seen' }],
  ])('is refused with the name of the field when %s is wrong, and the next message is answered', async (param, request) => {
    await world.ask(id, request, secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'invalid_request', param } });
    await world.ask(`${id} next`, { text: 'hi' }, secret);
    expect(await world.answer(`${id} next`)).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('is refused when it names an agent that there is not', async () => {
    await world.ask(id, { text: 'hi', agent: 'nobody' }, secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'agent_not_found', status: 404, param: 'agent' } });
  });

  it('BUS-2 becomes a dead letter when it cannot be read, and the next message is answered', async () => {
    const client = new Redis(redis.url);
    await client.xadd('requests.incoming', '*', 'id', id, 'payload', '{"text": 7}', 'metadata', '{"content-type":"application/json"}');
    client.disconnect();
    await world.ask(`${id} next`, { text: 'hi' }, secret);
    expect(await world.answer(`${id} next`)).toMatchObject({ outcome: Outcome.ANSWERED });
    const first = async () => (await replica.clients.deadLetters('orchestrator').listDeadLetters({ channel: 'requests.incoming' }, asTenant(SYSTEM_TENANT_ID))).deadLetters[0];
    expect(await waitFor(first)).toMatchObject({ messageId: id, reasonCode: 'malformed_payload', reason: expect.stringContaining('IncomingRequest.text: expected string'), channel: 'requests.incoming' });
  });

  it('BUS-2 that fails again and again is refused to its own publisher, whose dead letter it is, and the next message is answered', async () => {
    const unlucky = directory.tenant();
    directory.settings.set(unlucky.tenantId, new Error('a fault that nobody thought of'));
    const replies: ProcessedRequest[] = [];
    const following = world.bus.followReplies('requests.processed', unlucky.keyId, (batch) => void replies.push(...batch.map(({ payload }) => payload)));
    await following.ready;
    await world.ask(id, { text: 'hi' }, unlucky.secret, { replyTo: unlucky.keyId, tenantId });
    expect(await waitFor(() => replies[0])).toMatchObject({ messageId: id, outcome: Outcome.REFUSED, error: { code: 'internal' } });
    await world.ask(`${id} next`, { text: 'hi' }, secret);
    expect(await world.answer(`${id} next`)).toMatchObject({ outcome: Outcome.ANSWERED });
    const lettersOf = async (owner: string) => (await replica.clients.deadLetters('orchestrator').listDeadLetters({ channel: 'requests.incoming' }, asTenant(owner))).deadLetters;
    expect(await lettersOf(unlucky.tenantId)).toMatchObject([{ messageId: id, reasonCode: 'internal', deliveries: 5 }]);
    expect(await lettersOf(tenantId)).toEqual([]);
    await following.stop();
  });

  it('BUS-1 is answered once, however often it is published', async () => {
    for (let i = 0; i < 5; i++) await world.ask(id, { text: 'hi' }, secret);
    const answer = await world.answer(id);
    await world.ask(id, { text: 'hi' }, secret);
    await world.ask(`${id} after`, { text: 'hi' }, secret);
    await world.answer(`${id} after`);
    expect(world.answersTo(id)).toEqual([answer]);
    expect(world.callsFor(id)).toHaveLength(1);
    const { run } = await replica.clients.threads.getRun({ by: { case: 'id', value: answer.runId } }, asTenant(tenantId));
    expect(run).toMatchObject({ messageId: id, status: RunStatus.SUCCEEDED });
  });

  it('is found by its correlation id', async () => {
    await world.ask(id, { text: 'hi' }, secret, { correlationId: `ticket ${id}` });
    const { runId } = await world.answer(id);
    const { run } = await replica.clients.threads.getRun({ by: { case: 'correlationId', value: `ticket ${id}` } }, asTenant(tenantId));
    expect(run).toMatchObject({ id: runId, correlationId: `ticket ${id}` });
    await expect(replica.clients.threads.getRun({ by: { case: 'correlationId', value: 'none' } }, asTenant(tenantId))).rejects.toMatchObject({ code: 'run_not_found' });
  });
});

describe('two replicas', () => {
  it('read requests.incoming one at a time, and the second takes over where the first stops', async () => {
    const second = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: 'test-2' });
    const reading = () => [replica, second].map(({ service }) => service.get(IncomingReader).isReading);
    try {
      expect(reading()).toEqual([true, false]);
      const ids = Array.from({ length: 20 }, (_, i) => `${id} ${i}`);
      for (const one of ids.slice(0, 10)) await world.ask(one, { text: 'hi', surface: 'web', chatId: id }, secret);
      await replica.stop();
      for (const one of ids.slice(10)) await world.ask(one, { text: 'hi', surface: 'web', chatId: id }, secret);
      for (const one of ids) expect(await world.answer(one)).toMatchObject({ outcome: Outcome.ANSWERED });
      expect(reading()[1]).toBe(true);
      const order = world.answers.flatMap(({ payload }) => (ids.includes(payload.messageId) ? [payload.messageId] : []));
      expect(order).toEqual(ids);
    } finally {
      await second.stop();
      replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
    }
  });
});
