import { KeyKind, SettingsChanged_Kind } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LinkCodeRepository } from '../src/storage/link-code.repository.js';
import { DEV_SECRET, DEVELOPMENT_TENANT_ID, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';

const MINUTE = 60_000;
const postgres = postgresTest();
const otherTenant = newId();
const time = { ahead: 0 };
let service: SettingsUnderTest;
let account: string;

beforeAll(async () => {
  service = await startSettings(postgres.url, { clock: { now: () => Date.now() + time.ahead } });
  await service.database.withTenant(otherTenant, (tx) => tx.query('tenant', "INSERT INTO settings.tenant VALUES ($1, 'other', now())", [otherTenant]));
});
afterAll(() => service.stop());
beforeEach(() => {
  account = newId();
});

const codeOf = (call: Promise<unknown>) => call.then(() => 'no error', (error: unknown) => fromConnectError(error).code);
const people = (tenantId = DEVELOPMENT_TENANT_ID) => service.people(SERVICE_TOKEN, tenantId);
const identity = (tenantId = DEVELOPMENT_TENANT_ID) => service.identity(SERVICE_TOKEN, tenantId);
const redeem = (code: string, accountId = account, tenantId?: string) => identity(tenantId).redeemLinkCode({ surface: 'telegram', accountId, accountName: 'Ann on Telegram', code });
const resolve = (accountId: string, chatId = '', tenantId?: string) => identity(tenantId).resolveSender({ surface: 'telegram', accountId, chatId });
/** A new person, and their account if one is given. */
async function person(accountId?: string, tenantId?: string): Promise<{ readonly id: string; readonly name: string }> {
  const added = await people(tenantId).addPerson({ name: `Ann ${newId()}` });
  if (accountId !== undefined) await redeem((await people(tenantId).createLinkCode({ person: added.id })).code, accountId, tenantId);
  return added;
}
/** Somebody's code in which one character is another one. */
const wrongCode = (code: string): string => (code.startsWith('A') ? 'B' : 'A') + code.slice(1);

describe('a person', () => {
  it('is added once under a name, listed with their accounts, and audited with who did it', async () => {
    const admin = service.people(DEV_SECRET);
    const name = `Zoë ${newId()}`;
    const added = await admin.addPerson({ name: ` ${name} ` });
    expect(added).toMatchObject({ name, accounts: [] });
    expect(await codeOf(admin.addPerson({ name }))).toBe('name_taken');
    expect(await codeOf(admin.addPerson({ name: '' }))).toBe('invalid_person');
    await redeem((await admin.createLinkCode({ person: name })).code);
    const listed = (await admin.listPeople({})).people.find(({ id }) => id === added.id);
    expect(listed).toMatchObject({ name, accounts: [{ surface: 'telegram', accountId: account, accountName: 'Ann on Telegram', personId: added.id }] });
    const audits = await service.database.withTenant(DEVELOPMENT_TENANT_ID, (tx) =>
      tx.query<{ action: string; actor: string }>('audits_of', 'SELECT action, actor FROM settings.audit WHERE subject = ANY ($1) ORDER BY at', [[added.id, `telegram ${account}`]]));
    expect(audits.map(({ action }) => action)).toEqual(['person.added', 'link-code.created', 'account.linked']);
    expect(audits.map(({ actor }) => actor)).toEqual([expect.stringMatching(/^key:/), expect.stringMatching(/^key:/), `account:telegram ${account}`]);
  });

  it('that is added twice under one idempotency key is one person', async () => {
    const headers = { 'idempotency-key': newId() };
    const name = `Ann ${newId()}`;
    const [first, second] = [await people().addPerson({ name }, { headers }), await people().addPerson({ name }, { headers })];
    expect(second.id).toBe(first.id);
  });

  it('is removed with their accounts and groups, and the others are told', async () => {
    const { id, name } = await person(account);
    await identity().claimChat({ surface: 'telegram', chatId: `-${account}`, accountId: account });
    const { code } = await people().createLinkCode({ person: id });
    const requestId = newId();
    await people().removePerson({ person: name }, { headers: { 'x-request-id': requestId } });
    const told = () => service.changes.filter(({ correlationId }) => correlationId === requestId).map(({ payload }) => payload);
    await expect.poll(told).toMatchObject([{ tenantId: DEVELOPMENT_TENANT_ID, kind: SettingsChanged_Kind.PERSON, name: '' }]);
    expect(await resolve(account, `-${account}`)).toMatchObject({ personId: '', personName: '', ownerId: '', ownerName: '' });
    expect(await codeOf(redeem(code, newId()))).toBe('link_code_invalid');
    expect((await people().listOwnedChats({})).chats.filter(({ ownerId }) => ownerId === id)).toEqual([]);
    expect(await codeOf(people().removePerson({ person: id }))).toBe('person_not_found');
  });

  it('is changed only with an admin key, and nobody but services may ask who a sender is', async () => {
    const plain = await service.settings(DEV_SECRET).createKey({ name: 'plain', kind: KeyKind.API });
    const mine = service.people(plain.secret);
    const { id } = await person();
    expect(await codeOf(mine.listPeople({}))).toBe('no error');
    expect(await codeOf(mine.listOwnedChats({}))).toBe('no error');
    for (const change of [
      mine.addPerson({ name: 'x' }), mine.removePerson({ person: id }), mine.createLinkCode({ person: id }),
      mine.unlinkAccount({ surface: 'telegram', accountId: account }), mine.releaseChat({ surface: 'telegram', chatId: '1' }),
    ]) expect(await codeOf(change)).toBe('admin_required');
    const asking = service.identity(DEV_SECRET);
    expect(await codeOf(asking.resolveSender({ surface: 'telegram', accountId: account }))).toBe('service_required');
    expect(await codeOf(asking.redeemLinkCode({ surface: 'telegram', accountId: account, code: 'ABCDEFGH' }))).toBe('service_required');
    expect(await codeOf(asking.claimChat({ surface: 'telegram', accountId: account, chatId: '1' }))).toBe('service_required');
  });
});

describe('a link code', () => {
  it('links one account, once, and says the same to it again', async () => {
    const { id, name } = await person();
    const { code, expiresAt } = await people().createLinkCode({ person: name });
    expect(code).toMatch(/^[A-HJ-NP-Z2-9]{8}$/);
    expect(Number(expiresAt) - Date.now()).toBeGreaterThan(14 * MINUTE);
    expect(await redeem(` ${code.toLowerCase().slice(0, 4)}-${code.slice(4)}`)).toMatchObject({ personId: id, personName: name });
    expect(await redeem(code)).toMatchObject({ personId: id });
    expect(await codeOf(redeem(code, newId()))).toBe('link_code_invalid');
    expect(await resolve(account)).toMatchObject({ personId: id, personName: name, ownerId: '' });
    await expect.poll(() => service.changes.map(({ payload }) => payload.name)).toContain(`telegram ${account}`);
  });

  it('says nothing of a link to an account that was unlinked since', async () => {
    const { code } = await people().createLinkCode({ person: (await person()).id });
    await redeem(code);
    await people().unlinkAccount({ surface: 'telegram', accountId: account });
    expect(await codeOf(redeem(code))).toBe('link_code_invalid');
    expect(await resolve(account)).toMatchObject({ personId: '' });
    const { id } = await person(account);
    expect(await codeOf(redeem(code))).toBe('link_code_invalid');
    expect(await resolve(account)).toMatchObject({ personId: id });
  });

  it('is won by one of two accounts that send it at the same moment', async () => {
    const { code } = await people().createLinkCode({ person: (await person()).id });
    const outcomes = await Promise.all([codeOf(redeem(code, newId())), codeOf(redeem(code, newId()))]);
    expect(outcomes.sort()).toEqual(['link_code_invalid', 'no error']);
  });

  it('expires after 15 minutes', async () => {
    const { id } = await person();
    const { code } = await people().createLinkCode({ person: id });
    const { code: inTime } = await people().createLinkCode({ person: id });
    time.ahead = 14 * MINUTE;
    expect(await codeOf(redeem(inTime, newId()))).toBe('no error');
    time.ahead = 15 * MINUTE + 1;
    expect(await codeOf(redeem(code))).toBe('link_code_invalid');
    time.ahead = 0;
  });

  it('for one surface works on no other', async () => {
    const { id } = await person();
    const { code } = await people().createLinkCode({ person: id, surface: 'discord' });
    expect(await codeOf(redeem(code))).toBe('link_code_invalid');
    expect(await identity().redeemLinkCode({ surface: 'discord', accountId: account, code })).toMatchObject({ personId: id });
    expect(await codeOf(people().createLinkCode({ person: id, surface: 'No Surface' }))).toBe('invalid_person');
  });

  it('cannot be guessed: ten wrong ones of an account within an hour are the last, another account goes on', async () => {
    const { code } = await people().createLinkCode({ person: (await person()).id });
    for (let wrong = 0; wrong < 10; wrong++) expect(await codeOf(redeem(wrong % 2 === 0 ? wrongCode(code) : 'no code'))).toBe('link_code_invalid');
    const refusal = await redeem(code).catch((error: unknown) => fromConnectError(error));
    expect(refusal).toMatchObject({ code: 'rate_limited', status: 429, isRetryable: true });
    expect(await codeOf(redeem(code, newId()))).toBe('no error');
    time.ahead = 61 * MINUTE;
    const { code: later } = await people().createLinkCode({ person: (await person()).id });
    expect(await codeOf(redeem(later))).toBe('no error');
    time.ahead = 0;
  });

  it('is stored nowhere as it is', async () => {
    const { code } = await people().createLinkCode({ person: (await person()).id });
    const rows = await service.database.withTenant(DEVELOPMENT_TENANT_ID, async (tx) => [
      await tx.query('codes', 'SELECT * FROM settings.link_code'), await tx.query('audits', 'SELECT * FROM settings.audit'),
    ]);
    expect(JSON.stringify(rows)).not.toContain(code);
  });

  it('and the count of wrong ones are deleted once they are past use', async () => {
    const { id } = await person();
    time.ahead = -8 * 24 * 60 * MINUTE;
    const { code } = await people().createLinkCode({ person: id });
    expect(await codeOf(redeem(wrongCode(code)))).toBe('link_code_invalid');
    time.ahead = 0;
    expect(await new LinkCodeRepository(service.database).prune()).toBeGreaterThanOrEqual(2);
    expect(await new LinkCodeRepository(service.database).prune()).toBe(0);
    expect(await codeOf(redeem(code))).toBe('link_code_invalid');
  });

  it('moves an account that was somebody else’s', async () => {
    await person(account);
    const { id } = await person(account);
    expect(await resolve(account)).toMatchObject({ personId: id });
    await people().unlinkAccount({ surface: 'telegram', accountId: account });
    expect(await resolve(account)).toMatchObject({ personId: '' });
    expect(await codeOf(people().unlinkAccount({ surface: 'telegram', accountId: account }))).toBe('account_not_linked');
  });
});

describe('a group', () => {
  it('is owned by the first linked person who claims it, until an admin releases it', async () => {
    const chat = { surface: 'telegram', chatId: `-${account}` };
    expect(await codeOf(identity().claimChat({ ...chat, accountId: account }))).toBe('sender_unknown');
    const { id, name } = await person(account);
    expect(await identity().claimChat({ ...chat, accountId: account })).toMatchObject({ ownerId: id, ownerName: name });
    expect(await identity().claimChat({ ...chat, accountId: account })).toMatchObject({ ownerId: id });
    expect(await resolve(newId(), chat.chatId)).toMatchObject({ personId: '', ownerId: id, ownerName: name });
    const second = newId();
    await person(second);
    expect(await codeOf(identity().claimChat({ ...chat, accountId: second }))).toBe('chat_owned');
    expect((await people().listOwnedChats({})).chats).toContainEqual(expect.objectContaining({ ...chat, ownerId: id, ownerName: name }));
    await people().releaseChat(chat);
    expect(await codeOf(people().releaseChat(chat))).toBe('chat_not_owned');
    expect(await codeOf(identity().claimChat({ ...chat, accountId: second }))).toBe('no error');
  });
});

it('TEN-2 what one tenant knows of an account, a code or a group is nothing to another', async () => {
  const { id } = await person(account);
  const chat = { surface: 'telegram', chatId: `-${account}` };
  await identity().claimChat({ ...chat, accountId: account });
  expect(await resolve(account, chat.chatId, otherTenant)).toMatchObject({ personId: '', ownerId: '' });
  const { code } = await people().createLinkCode({ person: id });
  expect(await codeOf(redeem(code, account, otherTenant))).toBe('link_code_invalid');
  expect(await codeOf(people(otherTenant).removePerson({ person: id }))).toBe('person_not_found');
  expect((await people(otherTenant).listPeople({})).people).toEqual([]);
  const theirs = await person(account, otherTenant);
  await identity(otherTenant).claimChat({ ...chat, accountId: account });
  expect(await resolve(account, chat.chatId, otherTenant)).toMatchObject({ personId: theirs.id, ownerId: theirs.id });
  expect(await resolve(account, chat.chatId)).toMatchObject({ personId: id, ownerId: id });
});
