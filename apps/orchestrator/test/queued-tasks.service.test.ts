import { create } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Outcome, TaskState, type QueuedTask } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueuedTaskStore } from '../src/storage/queued-task.store.js';
import { Neighbours, lastLine, modelResponse } from './neighbours.js';
import { connectOrchestrator } from './orchestrator-database.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const environment = { NEXUS_QUEUE_HEARTBEAT_MS: '50', NEXUS_QUEUE_BATCH: '2', NEXUS_QUEUE_MOST_WAITING: '4' };
let world: Neighbours;
let replica: Replica;

const start = (name: string): Promise<Replica> => startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: name, environment });

beforeAll(async () => {
  world = await Neighbours.start(redis.url, {
    model: (request) => {
      const said = lastLine(request).slice(3);
      if (said.startsWith('wait')) return undefined;
      return said.startsWith('fail') ? { error: { code: 'no_luck' } } : { text: `said ${said}` };
    },
    tool: () => undefined,
  });
  replica = await start('test-1');
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});

const tasksOf = (tenantId: string, by = replica) => ({
  add: (text: string, more: object = {}, key?: string): Promise<QueuedTask> => by.clients.tasks.enqueueTask({ text, ...more }, asTenant(tenantId, undefined, key === undefined ? {} : { idempotencyKey: key })),
  get: (id: string): Promise<QueuedTask> => by.clients.tasks.getTask({ id }, asTenant(tenantId)),
  cancel: (id: string): Promise<QueuedTask> => by.clients.tasks.cancelTask({ id }, asTenant(tenantId)),
  list: (page: object = {}) => by.clients.tasks.listTasks(page, asTenant(tenantId)),
  stateOf: async (id: string): Promise<string> => TaskState[(await by.clients.tasks.getTask({ id }, asTenant(tenantId))).state] ?? '',
});
const callsFor = (tenantId: string) => world.modelCalls.filter((call) => call.tenantId === tenantId);
const answerAll = (tenantId: string): Promise<void> => world.bus.publishAll(callsFor(tenantId).map((call) => modelResponse(call, { text: 'at last' })));

describe('a queued task', () => {
  it('becomes a run in the name of its caller, and has its answer', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const { id } = await tasks.add('hello', { model: 'fast', user: 'ann' });
    await expect.poll(() => tasks.stateOf(id)).toBe('DONE');
    const done = await tasks.get(id);
    expect(done).toMatchObject({ id, text: 'hello', model: 'fast', position: 0, answer: { outcome: Outcome.ANSWERED, text: 'said hello', usage: { costMicroUsd: 3n } } });
    expect(done.finishedAt).toBeGreaterThanOrEqual(done.startedAt);
    expect(callsFor(tenantId)[0]?.payload).toMatchObject({ model: 'fast' });
    const { run } = await replica.clients.threads.getRun({ by: { case: 'messageId', value: done.messageId } }, asTenant(tenantId));
    expect(run?.id).toBe(done.answer?.runId);
  });

  it('fails with the error of its run', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const { id } = await tasks.add('fail');
    await expect.poll(() => tasks.stateOf(id)).toBe('FAILED');
    expect((await tasks.get(id)).answer).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'no_luck' } });
  });

  it('waits for its turn, by its place in the queue of its tenant alone', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const ids: string[] = [];
    for (const text of ['wait 1', 'wait 2', 'third', 'fourth']) ids.push((await tasks.add(text)).id);
    await expect.poll(() => callsFor(tenantId).length).toBe(2);
    expect(await Promise.all(ids.map(async (id) => (await tasks.get(id)).position))).toEqual([0, 0, 1, 2]);
    const other = directory.tenant();
    const { id } = await tasksOf(other.tenantId).add('mine');
    await expect.poll(() => tasksOf(other.tenantId).stateOf(id)).toBe('DONE');
    expect(await tasks.stateOf(ids[2] ?? '')).toBe('QUEUED');
    await answerAll(tenantId);
    await expect.poll(() => Promise.all(ids.map((each) => tasks.stateOf(each)))).toEqual(['DONE', 'DONE', 'DONE', 'DONE']);
  });

  it('is refused while too many wait, and what never could be a run at once', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    for (const text of ['wait 1', 'wait 2']) await tasks.add(text);
    await expect.poll(() => callsFor(tenantId).length).toBe(2);
    for (const text of ['3', '4', '5', '6']) await tasks.add(text);
    await expect(tasks.add('7')).rejects.toMatchObject({ code: 'queue_full', status: 429, isRetryable: true });
    await expect(tasks.add(' ')).rejects.toMatchObject({ status: 400, param: 'text' });
    await expect(tasks.add('x', { agent: 'nobody' })).rejects.toMatchObject({ code: 'agent_not_found' });
    await answerAll(tenantId);
  });

  it('is queued once under its idempotency key', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const first = await tasks.add('once', {}, 'key-1');
    expect((await tasks.add('once', {}, 'key-1')).id).toBe(first.id);
    await expect(tasks.add('twice', {}, 'key-1')).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect((await tasks.list()).tasks).toHaveLength(1);
  });

  it('is cancelled at once while it waits, and stopped when it runs', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const running = [await tasks.add('wait 1'), await tasks.add('wait 2')];
    const waiting = await tasks.add('never');
    await expect.poll(() => callsFor(tenantId).length).toBe(2);
    expect((await tasks.cancel(waiting.id)).state).toBe(TaskState.CANCELLED);
    await tasks.cancel(running[0]?.id ?? '');
    await expect.poll(() => tasks.stateOf(running[0]?.id ?? '')).toBe('CANCELLED');
    const runOf = async () => (await replica.clients.threads.getRun({ by: { case: 'messageId', value: running[0]?.messageId ?? '' } }, asTenant(tenantId))).answer?.outcome;
    await expect.poll(runOf).toBe(Outcome.CANCELLED);
    expect(await tasks.stateOf(running[1]?.id ?? '')).toBe('RUNNING');
    await answerAll(tenantId);
    await expect.poll(() => tasks.stateOf(running[1]?.id ?? '')).toBe('DONE');
    expect((await tasks.cancel(running[1]?.id ?? '')).state).toBe(TaskState.DONE);
    expect(callsFor(tenantId)).toHaveLength(2);
  });

  it('is its tenant\'s alone', async () => {
    const { tenantId } = directory.tenant();
    const { id } = await tasksOf(tenantId).add('mine');
    const other = tasksOf(directory.tenant().tenantId);
    await expect(other.get(id)).rejects.toMatchObject({ code: 'task_not_found', status: 404 });
    await expect(other.cancel(id)).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(other.get('no-uuid')).rejects.toMatchObject({ code: 'task_not_found' });
    expect((await other.list()).tasks).toEqual([]);
  });

  it('is listed, the newest first, page by page and by its state', async () => {
    const { tenantId } = directory.tenant();
    const tasks = tasksOf(tenantId);
    const ids: string[] = [];
    for (const text of ['1', '2', 'fail 3']) {
      ids.push((await tasks.add(text)).id);
      await expect.poll(() => tasks.stateOf(ids.at(-1) ?? '')).toMatch(/DONE|FAILED/);
    }
    const { tasks: page, hasMore } = await tasks.list({ limit: 2 });
    expect([page.map(({ id }) => id), hasMore]).toEqual([[ids[2], ids[1]], true]);
    expect((await tasks.list({ limit: 2, after: ids[1] })).tasks.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await tasks.list({ state: TaskState.FAILED })).tasks.map(({ id }) => id)).toEqual([ids[2]]);
    expect(page[1]?.answer).toBeUndefined();
  });
});

describe('when the replica that runs tasks is gone', () => {
  it('another one goes on with the same runs', async () => {
    const { tenantId } = directory.tenant();
    const { id } = await tasksOf(tenantId).add('wait for it');
    await expect.poll(() => callsFor(tenantId).length).toBe(1);
    const second = await start('test-2');
    await replica.stop();
    replica = second;
    await answerAll(tenantId);
    await expect.poll(() => tasksOf(tenantId).stateOf(id)).toBe('DONE');
    expect(callsFor(tenantId)).toHaveLength(1);
  });

  it('a task that it had begun and not asked for is asked for', async () => {
    await replica.stop();
    const [{ tenantId }, id] = [directory.tenant(), newId()];
    const database = await connectOrchestrator(postgres.url);
    const store = new QueuedTaskStore(database);
    const request = create(IncomingRequestSchema, { text: 'left behind', surface: 'queue' });
    await store.add({ tenantId, keyId: '', client: '', project: '' }, id, request, Date.now(), 10);
    expect(await store.begin(2, Date.now())).toMatchObject([{ tenantId, id, isCancelling: false }]);
    await database.close();
    replica = await start('test-3');
    await expect.poll(() => tasksOf(tenantId).stateOf(id)).toBe('DONE');
    expect(callsFor(tenantId)).toHaveLength(1);
  });
});
