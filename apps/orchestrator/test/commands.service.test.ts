import { create } from '@bufbuild/protobuf';
import { ChatKind, IncomingRequestSchema, KeyKind, Outcome, type InferenceRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandIdOf } from '../src/domain/run-ids.js';
import { CommandStore } from '../src/storage/command.store.js';
import { Neighbours, lastLine, script } from './neighbours.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
let replica: Replica;
let world: Neighbours;
let tenant: ReturnType<Directory['tenant']>;
let chatId: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: (request) => (lastLine(request).startsWith('U: slow') ? undefined : { text: 'hello' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(() => {
  tenant = directory.tenant();
  chatId = newId();
  directory.spent = new Map();
});

const message = (text: string, more: object = {}) => ({ text, surface: 'web', chatId, sender: { id: 'ann' }, ...more });
const command = (name: string, argument = '', more: object = {}) => message('', { command: { name, argument }, ...more });
async function publish(request: object, id = newId()): Promise<string> {
  await world.ask(id, request, tenant.secret);
  return id;
}
const say = async (request: object, id?: string) => world.answer(await publish(request, id));
const modelCall = async (id: string): Promise<InferenceRequest> => waitFor(() => world.callsFor(id)[0], { what: `a model call for ${id}` });
const people = (request: InferenceRequest) => script(request).filter((line) => line.startsWith('U: '));

describe('/new', () => {
  it('begins a new thread in this place, and in no other', async () => {
    await say(message('first'));
    const before = await say(message('second'));
    const answer = await say(command('new'));
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, runId: '', surface: 'web', chatId, text: expect.stringContaining('new conversation') });
    const id = await publish(message('third'));
    expect(people(await modelCall(id))).toEqual(['U: third']);
    const after = await world.answer(id);
    expect(after.threadId).toBe(answer.threadId);
    expect(after.threadId).not.toBe(before.threadId);
    const topic = await publish(message('in a topic', { topicId: '7' }));
    const other = await say(message('again in the topic', { topicId: '7' }));
    expect((await world.answer(topic)).threadId).toBe(other.threadId);
    expect((await say(message('fourth'))).threadId).toBe(after.threadId);
  });

  it('between two messages that are read together divides them', async () => {
    await say(message('zero'));
    await replica.stop();
    const [first, fresh, second, again, third] = [newId(), newId(), newId(), newId(), newId()];
    const backlog: [string, object][] = [[first, message('one')], [fresh, command('new')], [second, message('two')], [again, command('new')], [third, message('three')]];
    const metadata = { authorization: `Bearer ${tenant.secret}` };
    await world.bus.publishAll(backlog.map(([id, request]) => ({ channel: 'requests.incoming' as const, id, payload: create(IncomingRequestSchema, request), metadata })));
    replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
    const said = await Promise.all([first, second, third].map(async (id) => people(await modelCall(id))));
    expect(said).toEqual([['U: zero', 'U: one'], ['U: two'], ['U: three']]);
    for (const [id] of backlog) expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('TEN-2 is nothing to the same chat of another tenant', async () => {
    const { threadId } = await say(message('mine'));
    const mine = tenant;
    tenant = directory.tenant();
    await say(command('new'));
    tenant = mine;
    expect((await say(message('mine still'))).threadId).toBe(threadId);
  });
});

describe('a command', () => {
  it('BUS-1 acts once and is answered once, however often it is published', async () => {
    const id = newId();
    for (let times = 0; times < 5; times++) await publish(command('new'), id);
    const answer = await world.answer(id);
    const { threadId } = await say(message('after'));
    expect(threadId).toBe(answer.threadId);
    await publish(command('new'), id);
    expect((await say(message('later'))).threadId).toBe(threadId);
    expect(world.answersTo(id)).toHaveLength(1);
  });

  it('BUS-1 that was answered gives the same answer to a service that asks again', async () => {
    const id = newId();
    await publish(command('new'), id);
    const first = await world.answer(id);
    await publish(command('model', 'fast'), id);
    await say(message('after'));
    expect(world.answersTo(id)).toEqual([first]);
  });

  it('is kept for 30 days', async () => {
    const id = newId();
    await say(command('new'), id);
    const store = replica.service.get(CommandStore);
    const kept = () => store.get(tenant.tenantId, commandIdOf(tenant.tenantId, id));
    expect(await store.prune()).toBe(0);
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    const soon = await admin.query("UPDATE orchestrator.command SET expires_at = expires_at - interval '30 days' + interval '1 minute' WHERE tenant_id = $1", [tenant.tenantId]);
    expect([soon.rowCount, await store.prune(), (await kept())?.answer.messageId]).toEqual([1, 0, id]);
    await admin.query("UPDATE orchestrator.command SET expires_at = now() - interval '1 second' WHERE tenant_id = $1", [tenant.tenantId]);
    await admin.end();
    expect([await store.prune(), await kept()]).toEqual([1, undefined]);
  });

  it.each([
    ['that there is not', command('reboot'), 'command.name'],
    ['beside a text', { ...command('new'), text: 'hi' }, 'text'],
    ['without the place that it concerns', { ...command('new'), chatId: '' }, 'chat_id'],
  ])('BUS-4 %s is refused with what is wrong', async (_what, request, param) => {
    expect(await say(request)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'invalid_request', status: 400, param } });
  });

  it('BUS-4 without a token is refused as any message', async () => {
    const id = newId();
    await world.ask(id, command('new'));
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'unauthenticated' } });
  });
});

describe('/stop', () => {
  it('ends what is under way and what waits in this place, and nothing elsewhere', async () => {
    const ids = [await publish(message('slow one')), await publish(message('slow two')), await publish(message('slow three'))];
    const elsewhere = await publish(message('slow elsewhere', { chatId: `${chatId} 2` }));
    await modelCall(ids[0] ?? '');
    await modelCall(elsewhere);
    const stop = newId();
    expect(await say(command('stop'), stop)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'Stopped, and 2 more that waited.' });
    for (const id of ids) expect(await world.answer(id)).toMatchObject({ outcome: Outcome.CANCELLED });
    expect(world.callsFor(ids[1] ?? '')).toEqual([]);
    expect(world.answersTo(elsewhere)).toEqual([]);
    const next = await publish(message('next'));
    expect(await world.answer(next)).toMatchObject({ outcome: Outcome.ANSWERED });
    await publish(command('stop'), stop);
    expect(await say(command('stop', '', { chatId: `${chatId} 2` }))).toMatchObject({ text: 'Stopped.' });
    expect(await world.answer(elsewhere)).toMatchObject({ outcome: Outcome.CANCELLED });
  });

  it('says so when nothing is under way, and reaches what was asked before /new', async () => {
    expect(await say(command('stop'))).toMatchObject({ text: 'Nothing is under way here.' });
    const id = await publish(message('slow one'));
    await modelCall(id);
    await say(command('new'));
    expect(await say(command('stop'))).toMatchObject({ text: 'Stopped.' });
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.CANCELLED });
  });

  it('concerns what was said before it, not what is said after it, also when they are read together', async () => {
    await replica.stop();
    const [before, stop, after] = [newId(), newId(), newId()];
    const metadata = { authorization: `Bearer ${tenant.secret}` };
    const backlog: [string, object][] = [[before, message('slow before')], [stop, command('stop')], [after, message('after')]];
    await world.bus.publishAll(backlog.map(([id, request]) => ({ channel: 'requests.incoming' as const, id, payload: create(IncomingRequestSchema, request), metadata })));
    replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
    expect(await world.answer(before)).toMatchObject({ outcome: Outcome.CANCELLED });
    expect(await world.answer(stop)).toMatchObject({ text: 'Stopped.' });
    expect(await world.answer(after)).toMatchObject({ outcome: Outcome.ANSWERED });
  });
});

describe('/model', () => {
  it('tells and changes what answers here, until it is taken back', async () => {
    expect(await say(command('model'))).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringContaining('demo') });
    expect(await say(command('model', 'fast'))).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringContaining('fast') });
    expect(await say(command('model'))).toMatchObject({ text: expect.stringContaining('fast') });
    expect((await modelCall(await publish(message('which')))).model).toBe('fast');
    expect((await modelCall(await publish(message('which', { model: 'openai/gpt-4o' })))).model).toBe('openai/gpt-4o');
    expect((await modelCall(await publish(message('elsewhere', { topicId: '9' })))).model).toBe('demo');
    await say(command('new'));
    expect((await modelCall(await publish(message('which')))).model).toBe('fast');
    await say(command('model', 'default'));
    expect((await modelCall(await publish(message('which')))).model).toBe('demo');
  });

  it('refuses a name that the router does not know', async () => {
    expect(await say(command('model', 'gpt-99'))).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'model_not_found', status: 404, message: expect.stringContaining('gpt-99') } });
    expect((await modelCall(await publish(message('which')))).model).toBe('demo');
  });
});

describe('/cost', () => {
  it('tells what the sender has spent this month', async () => {
    directory.spent = new Map([['ann', 12_345], ['bob', 1]]);
    expect(await say(command('cost'))).toMatchObject({ outcome: Outcome.ANSWERED, text: 'This month you have spent $0.0123 in 2 model calls (in UTC).' });
    expect(await say(command('cost', '', { sender: { id: 'zoë' } }))).toMatchObject({ text: expect.stringContaining('$0.0000 in 0 model calls') });
  });

  it('says that it cannot be told now, keeps nobody waiting, and is told when it is asked again', async () => {
    directory.spent = undefined;
    const id = newId();
    expect(await say(command('cost'), id)).toMatchObject({ outcome: Outcome.REFUSED, error: { isRetryable: true } });
    expect(await say(message('hi'))).toMatchObject({ outcome: Outcome.ANSWERED });
    directory.spent = new Map();
    await publish(command('cost'), id);
    await waitFor(() => world.answersTo(id).some(({ outcome }) => outcome === Outcome.ANSWERED));
  });

  it('keeps nobody waiting while the ledger adds up, and tells the sum once it is there', async () => {
    let sumUp = (): void => undefined;
    directory.ledgerIsBusy = new Promise<void>((resolve) => (sumUp = resolve));
    directory.spent = new Map([['ann', 1_000_000]]);
    const id = newId();
    expect(await say(command('cost'), id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'usage_unavailable', isRetryable: true, retryAfterMs: 2_000n } });
    expect(await say(message('hi'))).toMatchObject({ outcome: Outcome.ANSWERED });
    sumUp();
    await publish(command('cost'), id);
    expect(await waitFor(() => world.answersTo(id).find(({ outcome }) => outcome === Outcome.ANSWERED))).toMatchObject({ text: expect.stringContaining('$1.0000') });
  });

  it('tells a guest of a group nothing of what its owner spends', async () => {
    tenant = directory.tenant({ kind: KeyKind.SURFACE });
    directory.people.link(tenant.tenantId, 'telegram', 'bob', 'Bob');
    directory.spent = new Map([['Bob', 5_000_000]]);
    const inGroup = (name: string, sender: string) => command(name, '', { surface: 'telegram', chatKind: ChatKind.GROUP, sender: { id: sender } });
    await say(inGroup('claim', 'bob'));
    expect(await say(inGroup('cost', 'bob'))).toMatchObject({ text: expect.stringContaining('$5.0000') });
    expect((await say(inGroup('cost', 'guest'))).text).not.toContain('$');
  });
});

describe('/link', () => {
  beforeEach(() => {
    tenant = directory.tenant({ kind: KeyKind.SURFACE, surfaces: ['telegram'] });
  });
  const onTelegram = (text: string, more: object = {}) => message(text, { surface: 'telegram', sender: { id: chatId, name: 'Ann' }, ...more });
  const link = (code: string) => onTelegram('', { command: { name: 'link', argument: code } });

  it('ADP-8 makes a stranger known, whose next message is answered at once', async () => {
    directory.people.giveCode(tenant.tenantId, 'GOODCODE', 'Ann');
    expect(await say(onTelegram('hi'))).toMatchObject({ error: { code: 'sender_unknown' } });
    const [linking, next] = [await publish(link('GOODCODE')), await publish(onTelegram('hi'))];
    expect(await world.answer(linking)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'You are linked as Ann.' });
    expect(await world.answer(next)).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('ADP-8 refuses a wrong code once under its id, and says how it is sent when there is none', async () => {
    const id = newId();
    expect(await say(link('WRONG'), id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'link_code_invalid', status: 400 } });
    const { redeemed } = directory.people;
    await publish(link('WRONG'), id);
    expect(await say(link(''))).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringContaining('/link CODE') });
    expect(directory.people.redeemed).toBe(redeemed);
    expect(world.answersTo(id)).toHaveLength(1);
  });
});

it('RUN-1 a message without a chat costs no query for its place or its sender, one in a chat a single one the first time', async () => {
  const names = (): string[] => [...query.mock.calls, ...withTenant.mock.calls].map(([name]) => String(name));
  const query = vi.spyOn(replica.database, 'query');
  const withTenant = vi.spyOn(replica.database, 'withTenant');
  const lookUps = () => names().filter((name) => /place|command|sender/.test(name));
  const asked = directory.people.resolved;
  await say(message('no chat', { chatId: '' }));
  await say(message('no chat', { chatId: '' }));
  expect(lookUps()).toEqual([]);
  expect(withTenant).not.toHaveBeenCalled();
  const perMessage = query.mock.calls.filter(([name]) => name === 'accept_batch').length;
  expect(perMessage).toBe(2);
  await say(message('in a chat'));
  expect(lookUps()).toEqual(['load_places']);
  await say(message('in a chat'));
  expect(lookUps()).toEqual(['load_places']);
  expect(directory.people.resolved).toBe(asked);
  vi.restoreAllMocks();
});
