import type { OutgoingMessage } from '@nexus/channels';
import { Outcome, RunStatus, metadataKeys } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours } from './neighbours.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, secret } = directory.tenant();
let replica: Replica;
let world: Neighbours;
let id: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => ({ text: 'hello' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, environment: { NEXUS_ADMISSION_QUEUE_MS: '300' } });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(() => {
  id = newId();
});

const refusalsOf = (messageId: string) => world.answers.filter(({ payload }) => payload.messageId === messageId && payload.outcome === Outcome.REFUSED);

it('refuses runs with a typed answer while model calls wait too long, stores nothing of them, and takes the same message later', async () => {
  const busy = Promise.withResolvers<void>();
  const [begun, behind] = [`${id} begun`, `${id} behind`];
  world.routerIsBusy = busy.promise;
  await world.ask(begun, { text: 'hi' }, secret);
  await waitFor(() => world.callsFor(begun).length === 1);
  await world.ask(behind, { text: 'hi' }, secret);
  await waitFor(async () => (await replica.bus.queueAge('inference.request')) > 300);
  const refusal = await waitFor(async () => {
    const one = newId();
    await world.ask(one, { text: 'hi' }, secret);
    await world.answer(one);
    return refusalsOf(one)[0]?.payload;
  });
  expect(refusal).toMatchObject({ runId: '', error: { code: 'overloaded', status: 429, isRetryable: true } });
  expect(Number(refusal.error?.retryAfterMs)).toBeGreaterThan(300);
  // what has begun is told, and can be stopped
  await world.ask(newId(), { cancelsMessageId: behind }, secret);
  expect(await world.answer(behind)).toMatchObject({ outcome: Outcome.CANCELLED });
  await world.ask(begun, { text: 'hi' }, secret);
  const refused = `${id} refused`;
  await world.ask(refused, { text: 'hi' }, secret);
  await waitFor(() => refusalsOf(refused).length === 1);
  expect(refusalsOf(begun)).toEqual([]);
  await expect(replica.clients.threads.getRun({ by: { case: 'messageId', value: refused } }, asTenant(tenantId))).rejects.toMatchObject({ code: 'run_not_found' });
  busy.resolve();
  await world.answer(begun);
  await waitFor(async () => {
    await world.ask(refused, { text: 'hi' }, secret);
    return world.answersTo(refused).some(({ outcome }) => outcome === Outcome.ANSWERED);
  }, { intervalMs: 100 });
});

describe('a message id that comes again', () => {
  const hashed = (hash: string): Partial<OutgoingMessage<'requests.incoming'>> => ({ metadata: { authorization: `Bearer ${secret}`, [metadataKeys.requestHash]: hash } });

  it('with another request hash is refused each time, with the same or none it gets its answer', async () => {
    await world.ask(id, { text: 'hi' }, undefined, hashed('a'));
    const answer = await world.answer(id);
    expect(world.answers.find(({ payload }) => payload === answer)?.metadata[metadataKeys.requestHash]).toBe('a');
    for (let times = 1; times <= 2; times++) {
      await world.ask(id, { text: 'something else' }, undefined, hashed('b'));
      await waitFor(() => refusalsOf(id).length === times);
    }
    expect(refusalsOf(id)[0]).toMatchObject({ metadata: { [metadataKeys.requestHash]: 'b' }, payload: { runId: '', error: { code: 'idempotency_key_reused', status: 422, isRetryable: false } } });
    const mine: string[] = [];
    const { secret: own, keyId } = directory.tenant();
    const following = world.bus.followReplies('requests.processed', keyId, (batch) => void mine.push(...batch.map(({ payload }) => payload.text)));
    await following.ready;
    for (const hash of ['x', 'x', undefined]) {
      const known = mine.length;
      await world.ask(`${id} own`, { text: 'hi' }, undefined, { replyTo: keyId, metadata: { authorization: `Bearer ${own}`, ...(hash && { [metadataKeys.requestHash]: hash }) } });
      if (known === 0) await waitFor(() => mine.length === 1);
    }
    await world.ask(`${id} last`, { text: 'hi' }, secret);
    await world.answer(`${id} last`);
    expect(mine).toEqual(['hello']); // the answer is there once
    await following.stop();
  });

  it('is not refused for what has become wrong with it since it was accepted', async () => {
    world.behaviour.model = () => undefined;
    await world.ask(id, { text: 'hi', deadlineMs: BigInt(Date.now() + 500) }, secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'deadline_exceeded' } });
    await world.ask(id, { text: 'hi', deadlineMs: BigInt(Date.now() - 1) }, secret);
    await world.ask(id, { text: 'hi', agent: 'gone' }, secret);
    world.behaviour.model = () => ({ text: 'hello' });
    await world.ask(`${id} next`, { text: 'hi' }, secret);
    await world.answer(`${id} next`);
    expect(world.answersTo(id)).toHaveLength(1);
    const { run } = await replica.clients.threads.getRun({ by: { case: 'messageId', value: id } }, asTenant(tenantId));
    expect(run?.status).toBe(RunStatus.FAILED);
  });
});
