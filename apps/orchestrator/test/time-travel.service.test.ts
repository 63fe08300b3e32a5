import { Outcome, RunStatus, type InferenceRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours, script, type ModelAnswer } from './neighbours.js';
import { Directory, startReplica, tenantChanged, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, secret } = directory.tenant();
let replica: Replica;
let world: Neighbours;
let admin: Client;
let id: string;

/** Asks for `now` until it has heard it `times` times, then says so. */
function curious(times: number) {
  return (request: InferenceRequest): ModelAnswer => {
    const lines = script(request);
    const heard = lines.slice(lines.findLastIndex((line) => line.startsWith('U: '))).filter((line) => line.startsWith('T: ')).length;
    return heard < times ? { calls: [{ name: 'now', arguments: `{"zone":"${heard}"}` }] } : { text: `heard ${heard}` };
  };
}

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: curious(2), tool: ({ step }) => `noon ${step}` });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await replica?.stop();
  await world?.stop();
});
beforeEach(() => {
  id = newId();
  world.behaviour.model = curious(2);
});

const threads = () => replica.clients.threads;
const runOf = async (messageId: string) => (await threads().getRun({ by: { case: 'messageId', value: messageId } }, asTenant(tenantId))).run;
const over = (runId: string) => waitFor(async () => {
  const found = await threads().getRun({ by: { case: 'id', value: runId } }, asTenant(tenantId));
  return found.answer === undefined ? undefined : found;
});
/** Asks, and gives the run that answered. */
async function asked(text: string, more: object = {}): Promise<string> {
  await world.ask(id, { text, ...more }, secret);
  return (await world.answer(id)).runId;
}
/** What the model heard in a run, without the instructions. */
const heard = (runId: string) => world.modelCalls.filter(({ payload }) => payload.run?.runId === runId).map(({ payload }) => script(payload).filter((line) => !line.startsWith('S: ')));

describe('a replay', () => {
  it('comes to the states that are stored, and tells each of them', async () => {
    const { run, events, divergences } = await threads().replayRun({ id: await asked('what time is it?') }, asTenant(tenantId));
    expect(divergences).toEqual([]);
    expect(run).toMatchObject({ messageId: id, status: RunStatus.SUCCEEDED, usage: { costMicroUsd: 9n } });
    expect(events.map(({ kind, phase, step, pending, costMicroUsd }) => [kind, phase, step, pending, costMicroUsd])).toEqual([
      ['accepted', 'model', 1, [], 0n], ['model_answered', 'tools', 1, [0], 3n], ['tool_finished', 'model', 2, [], 3n],
      ['model_answered', 'tools', 2, [0], 6n], ['tool_finished', 'model', 3, [], 6n], ['model_answered', 'over', 3, [], 9n],
    ]);
    expect(events.map(({ effects }) => effects.map(({ kind }) => kind))).toEqual([['call_model'], ['execute_tools'], ['call_model'], ['execute_tools'], ['call_model'], ['reply']]);
    expect(events[0]?.effects[0]?.ids).toEqual([world.callsFor(id)[0]?.attemptId]);
    expect(events.map(({ storedFingerprint }) => storedFingerprint !== undefined)).toEqual([false, true, true, true, true, true]);
    expect(events.filter((event) => event.storedFingerprint !== undefined && event.storedFingerprint !== event.computedFingerprint)).toEqual([]);
  });

  it('names every event whose state is stored otherwise', async () => {
    const runId = await asked('what time is it?');
    await admin.query('UPDATE orchestrator.run_event SET fingerprint = fingerprint + 1 WHERE run_id = $1 AND seq = 3', [runId]);
    await admin.query('UPDATE orchestrator.run SET status = 4 WHERE id = $1', [runId]);
    const { divergences } = await threads().replayRun({ id: runId }, asTenant(tenantId));
    expect(divergences.map(({ seq, kind }) => [seq, kind])).toEqual([[3, 'fingerprint'], [-1, 'status']]);
  });

  it('is for the own tenant, and of runs that there are', async () => {
    const runId = await asked('what time is it?');
    await expect(threads().replayRun({ id: runId }, asTenant(directory.tenant().tenantId))).rejects.toMatchObject({ code: 'run_not_found', status: 404 });
    await expect(threads().replayRun({ id: 'x' }, asTenant(tenantId))).rejects.toMatchObject({ code: 'invalid_request', param: 'id' });
  });
});

describe('a fork', () => {
  it('goes on after a step in a thread of its own: nothing of before is called or charged again', async () => {
    const chatId = newId();
    await asked('hello', { surface: 'web', chatId });
    id = newId();
    const runId = await asked('what time is it?', { surface: 'web', chatId, timezone: 'Asia/Tokyo' });
    const [models, tools] = [world.modelCalls.length, world.toolCalls.length];
    const { run } = await threads().forkRun({ runId, step: 1 }, asTenant(tenantId));
    const { run: forked, answer } = await over(run?.id ?? '');
    expect(forked).toMatchObject({ forkedFrom: { runId, step: 1 }, agent: 'default', status: RunStatus.SUCCEEDED });
    expect(forked?.threadId).not.toBe((await runOf(id))?.threadId);
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, text: 'heard 2', usage: { modelCalls: 2, toolCalls: 1, costMicroUsd: 6n } });
    expect([world.modelCalls.length - models, world.toolCalls.length - tools]).toEqual([2, 1]);
    expect(heard(run?.id ?? '')[0]).toEqual(heard(runId)[1]);
    expect(heard(runId)[1]?.filter((line) => line.startsWith('U: '))).toEqual(['U: hello', 'U: what time is it?']);
    expect(world.toolCalls.at(-1)?.payload.timezone).toBe('Asia/Tokyo');
    const calls = world.modelCalls.at(-1)?.payload.input;
    const ids = calls?.case === 'conversation' ? calls.value.messages.flatMap(({ parts }) => parts.flatMap(({ kind }) => (kind.case === 'toolCall' ? [kind.value.id] : []))) : [];
    expect(new Set(ids).size).toBe(ids.length);
    expect((await threads().replayRun({ id: run?.id }, asTenant(tenantId))).divergences).toEqual([]);
  });

  it('begins with the question alone at step 0, and with what is said beside it', async () => {
    const runId = await asked('what time is it?');
    const at0 = await threads().forkRun({ runId }, asTenant(tenantId));
    await over(at0.run?.id ?? '');
    expect(heard(at0.run?.id ?? '')[0]).toEqual(['U: what time is it?']);
    const said = await threads().forkRun({ runId, step: 3, text: 'and in Oslo?' }, asTenant(tenantId));
    await over(said.run?.id ?? '');
    expect(heard(said.run?.id ?? '')[0]?.slice(-2)).toEqual(['A: heard 2', 'U: and in Oslo?']);
  });

  it('is gone on with in its own thread', async () => {
    const { run } = await threads().forkRun({ runId: await asked('what time is it?'), step: 2 }, asTenant(tenantId));
    await over(run?.id ?? '');
    id = newId();
    const next = await asked('thanks', { threadId: run?.threadId });
    expect(heard(next)[0]).toEqual([...(heard(run?.id ?? '')[0] ?? []), 'A: heard 2', 'U: thanks']);
    expect((await threads().getThread({ id: run?.threadId }, asTenant(tenantId))).title).toBe('what time is it?');
  });

  it('has its origin\'s agent as it was, unless it names another or another model', async () => {
    const own = directory.tenant();
    const ask = async (messageId: string, request: object) => {
      await world.ask(messageId, request, own.secret);
      return (await world.answer(messageId)).runId;
    };
    const toolsOf = (messageId: string) => {
      const [call] = world.callsFor(messageId);
      return [call?.model, call?.input.case === 'conversation' ? call.input.value.tools.map(({ name }) => name) : []];
    };
    const runId = await ask(id, { text: 'q' });
    directory.settings.set(own.tenantId, { config: { 'agent.default.model': '"other"' }, disabledTools: ['add'] });
    await world.bus.publish({ channel: 'settings.changed', id: newId(), payload: tenantChanged(own.tenantId) });
    await waitFor(async () => {
      const probe = newId();
      await ask(probe, { text: 'q' });
      return toolsOf(probe)[0] === 'other';
    });
    const fork = async (more: object) => {
      const messageId = newId();
      await threads().forkRun({ runId, step: 1, messageId, ...more }, asTenant(own.tenantId));
      await waitFor(() => world.callsFor(messageId).length > 0);
      return toolsOf(messageId);
    };
    expect(await fork({})).toEqual(['demo', ['add', 'now']]);
    expect(await fork({ model: 'fake' })).toEqual(['fake', ['add', 'now']]);
    expect(await fork({ agent: 'default' })).toEqual(['other', ['now']]);
    await expect(threads().forkRun({ runId, step: 1, agent: 'nobody' }, asTenant(own.tenantId))).rejects.toMatchObject({ code: 'agent_not_found', status: 404 });
  });

  it('is one run, however often the same is asked for under one message id', async () => {
    const runId = await asked('what time is it?');
    const again = { runId, step: 1, messageId: `fork of ${runId}` };
    const forks = await Promise.all([1, 2, 3].map(() => threads().forkRun(again, asTenant(tenantId))));
    await over(forks[0]?.run?.id ?? '');
    forks.push(await threads().forkRun(again, asTenant(tenantId)));
    expect(new Set(forks.map(({ run }) => run?.id)).size).toBe(1);
    await expect(threads().forkRun({ ...again, step: 2 }, asTenant(tenantId))).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    await expect(threads().forkRun({ ...again, text: 'more' }, asTenant(tenantId))).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    await expect(threads().forkRun({ ...again, messageId: id }, asTenant(tenantId))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(world.modelCalls.filter(({ payload }) => payload.run?.runId === forks[0]?.run?.id)).toHaveLength(2);
  });

  it('is one run, however often the same call is repeated under one idempotency key', async () => {
    const runId = await asked('what time is it?');
    const keyed = (more: object = {}) => threads().forkRun({ runId, step: 1, ...more }, asTenant(tenantId, undefined, { idempotencyKey: runId }));
    const { run } = await keyed();
    await over(run?.id ?? '');
    expect((await keyed()).run).toEqual(run);
    await expect(keyed({ step: 0 })).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect((await threads().forkRun({ runId, step: 1 }, asTenant(tenantId))).run?.id).not.toBe(run?.id);
  });

  it('can be published by hand, too, and never lands in the thread of a chat', async () => {
    const chatId = newId();
    const runId = await asked('what time is it?', { surface: 'web', chatId });
    const mine = newId();
    await world.ask(mine, { forkedFrom: { runId, step: 1 }, surface: 'web', chatId }, secret);
    const answer = await world.answer(mine);
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, text: 'heard 2', chatId });
    expect(answer.threadId).not.toBe((await runOf(id))?.threadId);
  });

  it('is refused from what cannot be gone on from, or is another tenant\'s', async () => {
    const runId = await asked('what time is it?');
    const fork = (more: object, tenant = tenantId) => threads().forkRun({ runId, ...more }, asTenant(tenant));
    await expect(fork({ step: 3 })).rejects.toMatchObject({ code: 'invalid_request', status: 400, param: 'text' });
    await expect(fork({ step: 9 })).rejects.toMatchObject({ code: 'invalid_request', param: 'step' });
    await expect(fork({ step: -1 })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(fork({ runId: newId() })).rejects.toMatchObject({ code: 'run_not_found', status: 404 });
    await expect(fork({ step: 1 }, directory.tenant().tenantId)).rejects.toMatchObject({ code: 'run_not_found' });
    await expect(fork({ runId: 'mine' })).rejects.toMatchObject({ code: 'invalid_request', param: 'run_id' });
    world.behaviour.tool = () => undefined;
    id = newId();
    await world.ask(id, { text: 'open' }, secret);
    const open = await waitFor(() => world.toolCalls.find(({ correlationId }) => correlationId === id));
    await expect(fork({ runId: open.payload.runId, step: 1 })).rejects.toMatchObject({ code: 'step_not_finished', status: 409 });
    world.behaviour.tool = ({ step }) => `noon ${step}`;
  });
});
