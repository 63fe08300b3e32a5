import type { Message, Subscription } from '@nexus/channels';
import { Outcome } from '@nexus/contracts';
import { armFailpoints, newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Neighbours, lastLine, modelResponse } from './neighbours.js';
import { Directory, startReplica, tenantChanged, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const events: Message<'events.raised'>[] = [];
const asked = directory.tenant();
const silent = directory.tenant();
let replica: Replica;
let world: Neighbours;
let followed: Subscription;

beforeAll(async () => {
  directory.settings.set(asked.tenantId, { wantedEvents: ['run.finished'] });
  directory.settings.set(silent.tenantId, { wantedEvents: ['budget.reached'] });
  world = await Neighbours.start(redis.url, {
    model: (request) => (lastLine(request) === 'U: silence' ? undefined : lastLine(request) === 'U: fail' ? { error: { code: 'not_found' } } : { text: 'a private word' }),
    tool: () => 'noon',
  });
  followed = world.bus.follow('events.raised', (batch) => void events.push(...batch));
  await followed.ready;
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterEach(() => armFailpoints(undefined));
afterAll(async () => {
  await followed?.stop();
  await replica?.stop();
  await world?.stop();
});

async function ask(tenant: { readonly secret: string }, text: string, more: object = {}): Promise<string> {
  const id = newId();
  await world.ask(id, { text, ...more }, tenant.secret);
  return id;
}
const eventsOf = (runId: string) => events.filter(({ payload }) => payload.subject === runId);
async function eventOf(runId: string): Promise<{ readonly message: Message<'events.raised'>; readonly data: Record<string, unknown> }> {
  const message = await waitFor(() => eventsOf(runId)[0], { what: 'an event' });
  return { message, data: JSON.parse(message.payload.dataJson) as Record<string, unknown> };
}

describe('run.finished', () => {
  it('tells what a run took and whose it was, and nothing of what was said', async () => {
    const id = await ask(asked, 'a secret question', { surface: 'web', chatId: 'c1', sender: { id: 'ann' } });
    const answer = await world.answer(id);
    const { message, data } = await eventOf(answer.runId);
    expect(message).toMatchObject({ tenantId: asked.tenantId, correlationId: id, payload: { type: 'run.finished', subject: answer.runId } });
    expect(data).toEqual({
      run_id: answer.runId, thread_id: answer.threadId, message_id: id, surface: 'web', chat_id: 'c1', agent: 'default', outcome: 'answered', error_code: null, model: expect.stringMatching(/^fake\//) as string,
      tokens: expect.objectContaining({ input: 10, output: 5, estimated: false }) as object, cost_micro_usd: 3, client: 'acme', project: 'site', user: 'ann', duration_ms: expect.any(Number) as number,
    });
    expect(JSON.stringify(message.payload, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))).not.toMatch(/secret question|private word/);
    expect(Number(message.payload.atMs)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('tells of failures with their codes, and of runs that were cancelled or whose time was over', async () => {
    const failed = await world.answer(await ask(asked, 'fail'));
    expect((await eventOf(failed.runId)).data).toMatchObject({ outcome: 'failed', error_code: 'not_found', model: null, cost_micro_usd: 0 });
    const late = await world.answer(await ask(asked, 'silence', { deadlineMs: BigInt(Date.now() + 300) }));
    expect((await eventOf(late.runId)).data).toMatchObject({ outcome: 'failed', error_code: late.error?.code });
    const waiting = await ask(asked, 'silence');
    await waitFor(() => world.callsFor(waiting)[0], { what: 'a model call' });
    await ask(asked, '', { cancelsMessageId: waiting });
    const cancelled = await world.answer(waiting);
    expect(cancelled.outcome).toBe(Outcome.CANCELLED);
    expect((await eventOf(cancelled.runId)).data).toMatchObject({ outcome: 'cancelled', error_code: null });
  });

  it('is raised once for a run, also when its answer is asked for again', async () => {
    const id = await ask(asked, 'once');
    const { runId } = await world.answer(id);
    await eventOf(runId);
    await world.ask(id, { text: 'once' }, asked.secret);
    const { runId: next } = await world.answer(await ask(asked, 'next'));
    await eventOf(next);
    expect(eventsOf(runId)).toHaveLength(1);
  });

  it('is raised under the same id by whoever publishes the answer, when the first one died before it could', async () => {
    const hits: string[] = [];
    armFailpoints((name) => {
      if (name !== 'orchestrator.after-commit' || hits.length > 0) return;
      hits.push(name);
      throw new Error('died after the commit');
    });
    const { runId } = await world.answer(await ask(asked, 'die'));
    expect(hits).toHaveLength(1);
    await eventOf(runId);
    expect(new Set(eventsOf(runId).map(({ id }) => id)).size).toBe(1);
  });

  it('costs a tenant nothing who has not asked for it', async () => {
    const before = (await world.bus.history('events.raised', '0')).filter(({ tenantId }) => tenantId === silent.tenantId);
    expect(before).toEqual([]);
    for (const text of ['one', 'fail', 'two']) await world.answer(await ask(silent, text));
    const { runId } = await world.answer(await ask(asked, 'after'));
    await eventOf(runId);
    expect((await world.bus.history('events.raised', '0')).filter(({ tenantId }) => tenantId === silent.tenantId)).toEqual([]);
    expect(events.every(({ tenantId }) => tenantId === asked.tenantId)).toBe(true);
  });

  it('does not keep an answer from coming while settings are away, and is raised all the same', async () => {
    const id = await ask(asked, 'silence');
    const call = await waitFor(() => world.modelCalls.find(({ correlationId }) => correlationId === id), { what: 'a model call' });
    directory.settings.set(asked.tenantId, new Error('away'));
    await world.bus.publish({ channel: 'settings.changed', id: newId(), payload: tenantChanged(asked.tenantId) });
    await waitFor(async () => (await replica.clients.directory.getTenantSettings({}, { headers: { 'x-nexus-tenant': asked.tenantId } }).catch(() => undefined)) === undefined);
    await world.bus.publish(modelResponse(call, { text: 'at last' }));
    const answer = await world.answer(id);
    expect(answer.text).toBe('at last');
    expect((await eventOf(answer.runId)).data).toMatchObject({ outcome: 'answered' });
    directory.settings.set(asked.tenantId, { wantedEvents: ['run.finished'] });
  });
});
