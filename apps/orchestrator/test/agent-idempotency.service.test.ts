import { create } from '@bufbuild/protobuf';
import { outgoing } from '@nexus/channels';
import { IncomingRequestSchema, Outcome, ProgressPartSchema, RunStatus, type StreamAgentResponse } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant, signPublisher } from '@nexus/runtime';
import { postgresTest, startRedis, waitFor, type RedisServer } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Neighbours, type Behaviour } from './neighbours.js';
import { Directory, SERVICE_TOKEN, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const directory = new Directory();
const behaviour: Behaviour = { model: ({ input }) => (JSON.stringify(input.value, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).includes('wait') ? undefined : { text: 'It is noon.' }), tool: () => undefined };
let redis: RedisServer;
let world: Neighbours;
let first: Replica;
let second: Replica;

beforeAll(async () => {
  redis = await startRedis({ appendonly: false });
  world = await Neighbours.start(redis.url, behaviour);
  first = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
  second = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: 'test-2' });
});
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await world.stop();
  await redis.stop();
});

const keyed = (tenantId: string, key: string) => asTenant(tenantId, undefined, { idempotencyKey: key, timeoutMs: 20_000 });
const statusOf = (tenantId: string, messageId: string) => first.clients.threads.getRun({ by: { case: 'messageId', value: messageId } }, asTenant(tenantId)).then(({ run }) => run?.status, () => undefined);
const callsOf = (tenantId: string): number => world.modelCalls.filter((call) => call.tenantId === tenantId).length;

async function stream(replica: Replica, tenantId: string, query: string, key: string): Promise<StreamAgentResponse['event'][]> {
  const events: StreamAgentResponse['event'][] = [];
  for await (const { event } of replica.clients.agent.streamAgent({ userQuery: query }, keyed(tenantId, key))) events.push(event);
  return events;
}

describe('an agent that is asked under an idempotency key', () => {
  it('is asked once and answers the same again, at whatever replica', async () => {
    const { tenantId } = directory.tenant();
    const answer = await first.clients.agent.queryAgent({ userQuery: 'hello' }, keyed(tenantId, 'once'));
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, text: 'It is noon.' });
    expect(await first.clients.agent.queryAgent({ userQuery: 'hello' }, keyed(tenantId, 'once'))).toEqual(answer);
    expect(await second.clients.agent.queryAgent({ userQuery: 'hello' }, keyed(tenantId, 'once'))).toEqual(answer);
    await expect(second.clients.agent.queryAgent({ userQuery: 'bye' }, keyed(tenantId, 'once'))).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect(callsOf(tenantId)).toBe(1);
  });

  it('streams the same answer again, and refuses another question', async () => {
    const { tenantId } = directory.tenant();
    const events = await stream(first, tenantId, 'hello', 'stream');
    const answer = events.at(-1);
    expect(answer).toMatchObject({ case: 'answer', value: { text: 'It is noon.' } });
    expect(await stream(first, tenantId, 'hello', 'stream')).toEqual([answer]);
    expect(await stream(second, tenantId, 'hello', 'stream')).toEqual([answer]);
    await expect(stream(second, tenantId, 'bye', 'stream')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(callsOf(tenantId)).toBe(1);
  });

  it('says that it is under way', async () => {
    const { tenantId } = directory.tenant();
    const waiting = stream(first, tenantId, 'wait', 'under-way').catch(() => undefined);
    await waitFor(() => callsOf(tenantId) === 1);
    await expect(stream(second, tenantId, 'wait', 'under-way')).rejects.toMatchObject({ code: 'in_progress', status: 409, retryAfterMs: 1_000 });
    const asked = second.clients.agent.queryAgent({ userQuery: 'wait' }, keyed(tenantId, 'query')).catch(() => undefined);
    await waitFor(() => callsOf(tenantId) === 2);
    await expect(first.clients.agent.queryAgent({ userQuery: 'wait' }, keyed(tenantId, 'query'))).rejects.toMatchObject({ code: 'in_progress', status: 409 });
    await Promise.all(world.modelCalls.filter((call) => call.tenantId === tenantId).map((call) => first.clients.threads.cancelRun({ id: call.payload.run?.runId ?? '' }, asTenant(tenantId))));
    await Promise.all([waiting, asked]);
  });

  it('answers a message id again at the replica that answered it', async () => {
    const { tenantId } = directory.tenant();
    const messageId = newId();
    const answer = await first.clients.agent.queryAgent({ userQuery: 'hello', messageId }, asTenant(tenantId));
    expect(await first.clients.agent.queryAgent({ userQuery: 'hello', messageId }, asTenant(tenantId))).toEqual(answer);
  });
});

it('a message that comes again is answered, also by a replica that remembers its run as under way', async () => {
  const { tenantId, keyId } = directory.tenant();
  const ids = Array.from({ length: 6 }, () => newId());
  const publisher = { tenantId, keyId, client: '', project: '' };
  const replies: string[] = [];
  const reader = world.bus.followReplies('requests.processed', 'gateway.again', (batch) => void replies.push(...batch.map(({ payload }) => payload.messageId)));
  await reader.ready;
  const publish = (id: string, replyTo: string) =>
    world.bus.publish({ channel: 'requests.incoming', id, payload: create(IncomingRequestSchema, { text: 'hello' }), tenantId, replyTo, metadata: { authorization: signPublisher(SERVICE_TOKEN, publisher, id) } });
  for (const id of ids) await publish(id, 'gateway.first');
  await waitFor(async () => (await Promise.all(ids.map((messageId) => statusOf(tenantId, messageId)))).every((status) => status === RunStatus.SUCCEEDED), { timeoutMs: 10_000 });
  for (const id of ids) await publish(id, 'gateway.again');
  await waitFor(() => ids.every((id) => replies.includes(id)), { timeoutMs: 10_000, what: 'an answer to each message that came again' });
  await reader.stop();
});

it('a stream of an agent says when a call is made anew, and drops what comes late of the old one', async () => {
  const { tenantId } = directory.tenant();
  const events: StreamAgentResponse['event'][] = [];
  const streaming = (async () => {
    for await (const { event } of first.clients.agent.streamAgent({ userQuery: 'wait' }, asTenant(tenantId))) events.push(event);
  })();
  await waitFor(() => callsOf(tenantId) === 1);
  const run = world.modelCalls.find((call) => call.tenantId === tenantId)?.payload.run;
  const tell = (epoch: bigint, text: string) =>
    world.bus.publish(outgoing({ channel: 'requests.progress', id: newId(), tenantId, payload: create(ProgressPartSchema, { runId: run?.runId ?? '', step: 1, epoch, seq: 0n, part: { case: 'textDelta', value: text } }) }));
  const epoch = run?.epoch ?? 0n;
  await tell(epoch, 'It is half');
  await tell(epoch + 1n, 'It is');
  await tell(epoch, ' past');
  await tell(epoch + 1n, ' noon.');
  await waitFor(() => events.length >= 5);
  await first.clients.threads.cancelRun({ id: run?.runId ?? '' }, asTenant(tenantId));
  await streaming;
  const told = events.flatMap((event) => (event.case === 'reset' ? [`reset ${event.value.epoch - epoch}`] : event.case === 'progress' && event.value.part.case === 'textDelta' ? [event.value.part.value] : []));
  expect(told).toEqual(['It is half', 'reset 1', 'It is', ' noon.']);
});
