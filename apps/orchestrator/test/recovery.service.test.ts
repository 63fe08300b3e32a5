import { Outcome, RunStatus } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdvanceRunsHandler } from '../src/handlers/advance-runs.handler.js';
import { modelAnswered, toolFinished } from '../src/handlers/run-input.js';
import { ToolSchemas } from '../src/handlers/tool-schemas.js';
import { Neighbours, lastLine, modelResponse, script, toolResult } from './neighbours.js';
import { Directory, startReplica, type Replica, type ReplicaOptions } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, secret } = directory.tenant();
let world: Neighbours;
let replicas: Replica[] = [];
let id: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => undefined, tool: () => undefined });
});
afterAll(() => world?.stop());
beforeEach(() => {
  id = newId();
  world.behaviour.model = (request) => (lastLine(request).startsWith('U: ') ? { calls: [{ name: 'add', arguments: '{"a":1,"b":2}' }, { name: 'now', arguments: '{}' }, { name: 'add', arguments: '{"a":3,"b":4}' }] } : { text: 'done' });
  world.behaviour.tool = () => 'ok';
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  replicas = [];
});

const start = async (more: Partial<ReplicaOptions> = {}): Promise<Replica> => {
  const replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: `test-${replicas.length + 1}`, ...more });
  replicas.push(replica);
  return replica;
};
const statusOf = async (replica: Replica, messageId: string) => (await replica.clients.threads.getRun({ by: { case: 'messageId', value: messageId } }, asTenant(tenantId))).run?.status;

describe('two replicas', () => {
  it('share runs without losing or doubling anything, however their memories are behind', async () => {
    await Promise.all([start(), start()]);
    const ids = Array.from({ length: 60 }, (_, i) => `${id} ${i}`);
    await Promise.all(ids.map((one, i) => world.ask(one, { text: `q${i}`, surface: 'web', chatId: `${id} ${i % 12}` }, secret)));
    for (const one of ids) expect(await world.answer(one)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'done', usage: { steps: 2, toolCalls: 3 } });
    for (const one of ids) expect(world.answersTo(one)).toHaveLength(1);
    const executed = world.toolCalls.filter(({ correlationId }) => ids.includes(correlationId)).map(({ payload }) => payload.executionId);
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed).toHaveLength(180);
    const last = ids.at(-1) ?? '';
    expect(script(world.callsFor(last)[0]!).filter((line) => line.startsWith('U: '))).toEqual([11, 23, 35, 47, 59].map((i) => `U: q${i}`));
  });
});

describe('a replica that takes up where another stopped', () => {
  it('goes on with the stored run', async () => {
    world.behaviour.tool = () => undefined;
    const first = await start();
    await world.ask(id, { text: 'q' }, secret);
    const calls = await waitFor(() => [world.toolCalls.filter(({ correlationId }) => correlationId === id)].find(({ length }) => length === 3));
    await world.bus.publishAll([toolResult(calls[1]!, 'kept')]);
    await waitFor(async () => (await first.clients.threads.getRun({ by: { case: 'messageId', value: id } }, asTenant(tenantId))).events.length === 3);
    await first.stop();
    await start();
    await world.bus.publishAll([toolResult(calls[0]!, 'a'), toolResult(calls[2]!, 'c')]);
    expect(await world.answer(id)).toMatchObject({ text: 'done' });
    expect(script(world.callsFor(id)[1]!).slice(-3)).toEqual(['T: a', 'T: kept', 'T: c']);
  });

  it('ends runs whose deadline passes while nobody has a timer for them', async () => {
    world.behaviour.model = () => undefined;
    const first = await start();
    await world.ask(id, { text: 'q', deadlineMs: BigInt(Date.now() + 500) }, secret);
    await waitFor(() => world.callsFor(id).length === 1);
    await first.stop();
    await start();
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'deadline_exceeded' } });
    const isDue = () => replicas[1]!.database.withTenant(tenantId, (tx) => tx.query<{ due: boolean }>('due', 'SELECT reply_due AS due FROM orchestrator.run WHERE message_id = $1', [id]));
    await waitFor(async () => (await isDue())[0]?.due === false);
  });

  it('asks again for what a stalled run waits for, under the same attempt', async () => {
    const { model } = world.behaviour;
    let asked = 0;
    world.behaviour.model = (request) => (asked++ === 0 ? undefined : model(request));
    await start({ environment: { NEXUS_STALLED_MS: '1000' } });
    await world.ask(id, { text: 'q' }, secret);
    expect(await world.answer(id)).toMatchObject({ text: 'done' });
    const attempts = world.callsFor(id).map(({ attemptId }) => attemptId);
    expect(attempts).toHaveLength(3);
    expect(attempts[1]).toBe(attempts[0]);
  });
});

it('a run that fell out of a memory that is too small is read again', async () => {
  world.behaviour.tool = () => undefined;
  await start({ environment: { NEXUS_RUN_CACHE_MB: '1', NEXUS_THREAD_CACHE_MB: '1' } });
  const ids = ['a', 'b', 'c'].map((letter) => `${id} ${letter}`);
  for (const one of ids) await world.ask(one, { text: `q ${'x'.repeat(600_000)}`, surface: 'web', chatId: one }, secret);
  const calls = await waitFor(() => [world.toolCalls.filter(({ correlationId }) => ids.includes(correlationId))].find(({ length }) => length === 9));
  await world.bus.publishAll(calls.map((call) => toolResult(call, 'ok')));
  for (const one of ids) expect(await world.answer(one)).toMatchObject({ text: 'done' });
  world.behaviour.tool = () => 'ok';
  const next = `${id} next`;
  await world.ask(next, { text: 'and?', surface: 'web', chatId: ids[0] }, secret);
  expect(await world.answer(next)).toMatchObject({ text: 'done' });
  expect(script(world.callsFor(next)[0]!)).toHaveLength(8);
});

/** Ends the run of this message as a process does that dies before it publishes the answer. */
const endSilently = async (replica: Replica, messageId: string): Promise<void> => {
  const call = await waitFor(() => world.modelCalls.find(({ correlationId }) => correlationId === messageId));
  const response = { ...modelResponse(call, { text: 'first' }), tenantId, correlationId: messageId, deliveries: 1, entryId: '0-1' };
  const ended = await replica.service.get(AdvanceRunsHandler).handle([modelAnswered(response as never, { trace: undefined, isAgain: false }, new ToolSchemas())!]);
  expect(ended.map(({ channel }) => channel)).toEqual(['requests.processed']);
};

describe('an answer that was not published when its thread goes on', () => {
  const place = () => ({ surface: 'web', chatId: id });
  const order = () => world.answers.map(({ payload }) => payload.messageId).filter((one) => one.startsWith(id));

  it.each(['the process that ended it', 'another replica'])('comes before the next one, by %s', async (by) => {
    world.behaviour.model = () => undefined;
    const first = await start();
    await world.ask(`${id} 1`, { text: 'q1', ...place() }, secret);
    await endSilently(first, `${id} 1`);
    world.behaviour.model = () => ({ text: 'second' });
    if (by === 'another replica') {
      await first.stop();
      await start();
    }
    await world.ask(`${id} 2`, { text: 'q2', ...place() }, secret);
    expect(await world.answer(`${id} 2`)).toMatchObject({ text: 'second' });
    expect(order()).toEqual([`${id} 1`, `${id} 2`]);
    await world.ask(`${id} 3`, { text: 'q3', ...place() }, secret);
    await world.answer(`${id} 3`);
    expect(order()).toEqual([`${id} 1`, `${id} 2`, `${id} 3`]);
  });
});

describe('a message that is delivered again', () => {
  it('changes nothing and publishes what it published, as long as the run waits for it', async () => {
    const replica = await start();
    const advance = replica.service.get(AdvanceRunsHandler);
    world.behaviour.model = () => undefined;
    world.behaviour.tool = () => undefined;
    await world.ask(id, { text: 'q' }, secret);
    const call = await waitFor(() => world.modelCalls.find(({ correlationId }) => correlationId === id));
    const response = modelResponse(call, { calls: [{ name: 'now', arguments: '{}' }] });
    const again = () => modelAnswered({ ...response, channel: 'inference.response', tenantId, metadata: {}, correlationId: id, timestamp: 0, replyTo: undefined, trace: undefined, entryId: '0-1', deliveries: 2 } as never, { trace: undefined, isAgain: true }, new ToolSchemas());
    const first = await advance.handle([again()!]);
    expect(first.map(({ channel }) => channel)).toEqual(['tools.execute']);
    expect(await advance.handle([again()!])).toEqual(first);
    const result = toolResult({ ...call, payload: first[0]!.payload } as never, 'noon');
    const finished = () => toolFinished({ ...result, tenantId } as never, { trace: undefined, isAgain: true });
    const second = await advance.handle([finished()]);
    expect(second.map(({ channel }) => channel)).toEqual(['inference.request']);
    expect(await advance.handle([again()!])).toEqual([]);
    expect((await advance.handle([finished()])).map(({ id: one }) => one)).toEqual(second.map(({ id: one }) => one));
    expect((await replica.clients.threads.getRun({ by: { case: 'messageId', value: id } }, asTenant(tenantId))).events).toHaveLength(3);
  });
});

describe('a queue', () => {
  it('goes on with the next run when one is cancelled, fails or is taken out while it waits', async () => {
    const replica = await start();
    world.behaviour.model = (request) => (lastLine(request) === 'U: silence' ? undefined : { text: 'done' });
    const ids = Array.from({ length: 4 }, (_, i) => `${id} ${i}`);
    for (const [i, one] of ids.entries()) await world.ask(one, { text: i === 0 ? 'silence' : `q${i}`, surface: 'web', chatId: id }, secret);
    await waitFor(async () => (await statusOf(replica, ids[3] ?? '')) === RunStatus.QUEUED);
    await world.ask(newId(), { cancelsMessageId: ids[1] }, secret);
    expect(await world.answer(ids[1] ?? '')).toMatchObject({ outcome: Outcome.CANCELLED });
    await world.ask(newId(), { cancelsMessageId: ids[0] }, secret);
    expect(await world.answer(ids[0] ?? '')).toMatchObject({ outcome: Outcome.CANCELLED });
    expect(await world.answer(ids[2] ?? '')).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await world.answer(ids[3] ?? '')).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(script(world.callsFor(ids[3] ?? '')[0]!).slice(1)).toEqual(['U: silence', 'U: q1', 'U: q2', 'A: done', 'U: q3']);
    expect(world.callsFor(ids[1] ?? '')).toEqual([]);
  });
});
