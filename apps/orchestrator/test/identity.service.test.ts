import { ChatKind, KeyKind, Outcome } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import { asTenant, signPublisher } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours } from './neighbours.js';
import { Directory, SERVICE_TOKEN, peopleChanged, startReplica, tenantChanged, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { people } = directory;
let replica: Replica;
let world: Neighbours;
let tenant: ReturnType<Directory['tenant']>;
let account: string;

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: () => ({ text: 'hello' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(() => {
  tenant = directory.tenant({ kind: KeyKind.SURFACE, surfaces: ['telegram', 'web'] });
  account = newId();
  people.failure = undefined;
});

/** What an adapter publishes; answers what it hears. */
async function say(more: object = {}, id = newId()) {
  await world.ask(id, { text: 'hi', surface: 'telegram', chatId: account, chatKind: ChatKind.PRIVATE, sender: { id: account, name: 'Ann' }, ...more }, tenant.secret);
  return world.answer(id);
}
const group = (more: object = {}) => ({ chatId: `-${account}`, chatKind: ChatKind.GROUP, ...more });
const link = (name: string, accountId = account) => people.link(tenant.tenantId, 'telegram', accountId, name);
const command = (name: string, argument = '') => ({ text: '', command: { name, argument } });
async function userOf(messageId: string): Promise<string | undefined> {
  return world.modelCalls.find(({ correlationId }) => correlationId === messageId)?.payload.attribution?.user;
}
async function changed(payload: ReturnType<typeof peopleChanged>): Promise<void> {
  await replica.bus.publish({ channel: 'settings.changed', id: newId(), tenantId: payload.tenantId, payload });
}

describe('a private chat of a surface that serves only known people', () => {
  it('ADP-8 is refused with what to do when the sender is nobody, and when there is no sender', async () => {
    expect(await say()).toMatchObject({ outcome: Outcome.REFUSED, chatId: account, error: { code: 'sender_unknown', status: 403, isRetryable: false, message: expect.stringContaining('/link') } });
    expect(await say({ sender: undefined })).toMatchObject({ error: { code: 'sender_unknown' } });
    expect(await say({ chatKind: ChatKind.UNSPECIFIED })).toMatchObject({ error: { code: 'sender_unknown' } });
  });

  it('ADP-8 is answered when the sender is linked, in the name of the person', async () => {
    link('Zoë');
    const id = newId();
    expect(await say({}, id)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await userOf(id)).toBe('Zoë');
  });

  it('asks settings once for what a sender says within a short time', async () => {
    link('Ann');
    await say();
    const before = people.resolved;
    for (let i = 0; i < 3; i++) expect(await say()).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(people.resolved).toBe(before);
  });

  it('ADP-8 is served no longer as soon as settings say that somebody was removed', async () => {
    link('Ann');
    expect(await say()).toMatchObject({ outcome: Outcome.ANSWERED });
    people.unlink(tenant.tenantId, 'telegram', account);
    await changed(peopleChanged(tenant.tenantId, `telegram ${account}`));
    const heard = async () => (await say()).error?.code === 'sender_unknown';
    await waitFor(heard, { timeoutMs: 3_000 });
    link('Ann');
    await changed(peopleChanged(tenant.tenantId));
    await waitFor(async () => (await say()).outcome === Outcome.ANSWERED, { timeoutMs: 3_000 });
  });

  it('keeps tenants apart: who is linked with one is nobody to another', async () => {
    link('Ann');
    expect(await say()).toMatchObject({ outcome: Outcome.ANSWERED });
    tenant = directory.tenant({ kind: KeyKind.SURFACE, surfaces: ['telegram'] });
    expect(await say()).toMatchObject({ error: { code: 'sender_unknown' } });
  });

  it('waits while settings cannot be asked, and is answered then', async () => {
    link('Ann');
    people.failure = new AppError('database_unavailable', 'Not now.', { status: 503, isRetryable: true });
    const id = newId();
    const answer = say({}, id);
    await waitFor(() => people.resolved > 0 && world.answersTo(id).length === 0);
    people.failure = undefined;
    expect(await answer).toMatchObject({ outcome: Outcome.ANSWERED });
  });
});

describe('a group', () => {
  it('ADP-8 is refused until somebody who is linked claims it', async () => {
    expect(await say(group())).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'chat_unowned', status: 403, message: expect.stringContaining('/claim') } });
    expect(await say(group(command('claim')))).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'sender_unknown' } });
    link('Bob');
    await changed(peopleChanged(tenant.tenantId));
    expect(await say(group(command('claim')))).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringContaining('Bob') });
    expect(await say(group())).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('ADP-8 with an owner answers everybody in it: those who are not linked in the name of its owner', async () => {
    link('Bob');
    await say(group(command('claim')));
    const [guest, linked] = [newId(), newId()];
    link('Ann', linked);
    const [asGuest, asAnn] = [newId(), newId()];
    expect(await say(group({ sender: { id: guest } }), asGuest)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await say(group({ sender: { id: linked } }), asAnn)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect([await userOf(asGuest), await userOf(asAnn)]).toEqual(['Bob', 'Ann']);
    expect(await say({ sender: { id: guest } })).toMatchObject({ error: { code: 'sender_unknown' } });
  });
});

describe('who is not checked', () => {
  it('are programs with an API key, and senders of surfaces that the tenant has not named', async () => {
    const api = directory.tenant();
    const id = newId();
    await world.ask(id, { text: 'hi', surface: 'telegram', sender: { id: account } }, api.secret);
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await userOf(id)).toBe(account);
    expect(await say({ surface: 'web' })).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('the tenant decides: any surface may be closed, and every one open', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.surfaces': '["web"]' } });
    expect(await say({ surface: 'web' })).toMatchObject({ error: { code: 'sender_unknown' } });
    expect(await say()).toMatchObject({ outcome: Outcome.ANSWERED });
    directory.settings.set(tenant.tenantId, { config: { 'identity.surfaces': '[]' } });
    await changed(tenantChanged(tenant.tenantId));
    await waitFor(async () => (await say({ surface: 'web' })).outcome === Outcome.ANSWERED, { timeoutMs: 3_000 });
  });

  it('what is set in a way that cannot be understood opens nothing', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.surfaces': '"telegram"', 'identity.messages_per_minute': 'x' } });
    expect(await say()).toMatchObject({ error: { code: 'sender_unknown' } });
  });

  it('a surface key that comes through the gateway is a surface key', async () => {
    const { tenantId, keyId } = tenant;
    const ask = async (isSurface: boolean) => {
      const id = newId();
      const authorization = signPublisher(SERVICE_TOKEN, { tenantId, keyId, client: '', project: '', ...(isSurface && { isSurface }) }, id);
      await world.ask(id, { text: 'hi', surface: 'telegram', sender: { id: account } }, undefined, { metadata: { authorization } });
      return world.answer(id);
    };
    expect(await ask(true)).toMatchObject({ error: { code: 'sender_unknown' } });
    expect(await ask(false)).toMatchObject({ outcome: Outcome.ANSWERED });
  });
});

describe('how much one person may send', () => {
  it('BUS-4 is limited by the minute, over all their accounts, and the refusal says when to try again', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.messages_per_minute': '3' } });
    const second = newId();
    link('Ann');
    link('Ann', second);
    const ids = [newId(), newId(), newId()];
    for (const [i, id] of ids.entries()) expect(await say({ sender: { id: i === 1 ? second : account } }, id)).toMatchObject({ outcome: Outcome.ANSWERED });
    const refusal = await say({ sender: { id: second } });
    expect(refusal).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'rate_limited', status: 429, isRetryable: true } });
    expect(Number(refusal.error?.retryAfterMs)).toBeGreaterThan(50_000);
    expect(Number(refusal.error?.retryAfterMs)).toBeLessThanOrEqual(60_000);
    // the same message again is no further message
    await world.ask(ids[0] ?? '', { text: 'hi', surface: 'telegram', chatId: account, sender: { id: account } }, tenant.secret);
    expect(await say(command('new'))).toMatchObject({ error: { code: 'rate_limited' } });
    expect(await say(command('stop'))).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(world.answersTo(ids[0] ?? '')).toHaveLength(1);
    const other = newId();
    link('Bob', other);
    expect(await say({ sender: { id: other } })).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('is counted by account on a surface whose people need not be known, where each message says who sent it', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.messages_per_minute': '1', 'identity.surfaces': '[]' } });
    expect(await say()).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await say()).toMatchObject({ error: { code: 'rate_limited' } });
    expect(await say({ surface: 'web' })).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await say({ sender: { id: newId() } })).toMatchObject({ outcome: Outcome.ANSWERED });
    for (let i = 0; i < 2; i++) expect(await say({ sender: undefined })).toMatchObject({ outcome: Outcome.ANSWERED });
  });

  it('is counted of those who are refused too, so that nobody is told the same for ever', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.messages_per_minute': '1' } });
    expect(await say()).toMatchObject({ error: { code: 'sender_unknown' } });
    expect(await say()).toMatchObject({ error: { code: 'rate_limited' } });
  });

  it('is counted by account for those who are not linked, in a group with an owner', async () => {
    directory.settings.set(tenant.tenantId, { config: { 'identity.messages_per_minute': '1' } });
    link('Bob');
    await say(group(command('claim')));
    const [one, other] = [newId(), newId()];
    expect(await say(group({ sender: { id: one } }))).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await say(group({ sender: { id: one } }))).toMatchObject({ error: { code: 'rate_limited' } });
    expect(await say(group({ sender: { id: other } }))).toMatchObject({ outcome: Outcome.ANSWERED });
  });
});

it('a message that replaces another leaves the turn of that one out, then and later', async () => {
  link('Ann');
  const [first, edit] = [newId(), newId()];
  await say({ text: 'what is 1+1' }, first);
  await say({ text: 'and now?' });
  await say({ text: 'what is 2+2', editsMessageId: first }, edit);
  const last = newId();
  await say({ text: 'thanks' }, last);
  const told = (id: string) => JSON.stringify(world.callsFor(id)[0]?.input.value, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(told(edit)).not.toContain('1+1');
  expect(told(edit)).toContain('and now?');
  expect(told(last)).not.toContain('1+1');
  expect(told(last)).toContain('2+2');
  const { run } = await replica.clients.threads.getRun({ by: { case: 'correlationId', value: first } }, asTenant(tenant.tenantId));
  expect(run).toMatchObject({ messageId: first });
});
