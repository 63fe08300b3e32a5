import { newId, SYSTEM_TENANT_ID } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeadLetterStore, type Database, type NewDeadLetter } from '../src/index.js';
import { connectSample, SCHEMA } from './fixture.js';

const postgres = postgresTest();
let database: Database;
let now = Date.UTC(2026, 10, 20);
let letters: DeadLetterStore;
beforeAll(async () => {
  database = await connectSample(postgres.url);
  letters = new DeadLetterStore(database, SCHEMA, { now: () => now });
});
afterAll(() => database.close());

const letter = (more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  channel: 'usage.recorded', group: 'usage', entryId: '1-1', raw: Buffer.from([0, 255]), reasonCode: 'malformed', reason: 'It has no payload.', deliveries: 1, ...more,
});

describe('DeadLetterStore', () => {
  it('keeps an entry once, counting its deliveries', async () => {
    const id = await letters.insert(letter());
    now += 1_000;
    expect(await letters.insert(letter({ deliveries: 3 }))).toBe(id);
    const [stored, ...others] = await letters.list(SYSTEM_TENANT_ID, { channel: 'usage.recorded' });
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ id, tenantId: SYSTEM_TENANT_ID, entryId: '1-1', deliveries: 3, messageId: '', reasonCode: 'malformed', replays: 0 });
    expect(stored && stored.lastSeenAt.getTime() - stored.firstSeenAt.getTime()).toBe(1_000);
    expect(stored).not.toHaveProperty('raw');
  });

  it('shows a tenant its own, newest first, page by page', async () => {
    const tenantId = newId();
    for (const entryId of ['5-1', '5-2', '5-3', '5-4', '5-5']) {
      now += entryId === '5-3' ? 0 : 1; // two of one millisecond
      await letters.insert(letter({ tenantId, entryId, channel: 'audit.recorded' }));
    }
    const pages: string[][] = [];
    for (let page = await letters.list(tenantId, { limit: 2 }); page.length > 0; page = await letters.list(tenantId, { limit: 2, after: page.at(-1) as (typeof page)[number] })) pages.push(page.map((stored) => stored.entryId));
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().toSorted()).toEqual(['5-1', '5-2', '5-3', '5-4', '5-5']);
    expect(pages[0]).toEqual(['5-5', '5-4']);
    expect(await letters.list(tenantId, { channel: 'usage.recorded' })).toEqual([]);
  });

  it('finds by reason, by group, and by any of its names', async () => {
    const tenantId = newId();
    const id = await letters.insert(letter({ tenantId, entryId: '8-1', messageId: 'm-8', reasonCode: 'invalid' }));
    await letters.insert(letter({ tenantId, entryId: '8-2', group: 'settings' }));
    const entries = async (query: Parameters<DeadLetterStore['list']>[1]) => (await letters.list(tenantId, query)).map((stored) => stored.entryId);
    expect(await entries({ reasonCode: 'invalid' })).toEqual(['8-1']);
    expect(await entries({ group: 'settings' })).toEqual(['8-2']);
    for (const about of [id, 'm-8', '8-1']) expect(await entries({ about })).toEqual(['8-1']);
    expect(await entries({ about: 'nobody' })).toEqual([]);
    expect((await letters.count(tenantId)).map(({ group, reasonCode, count }) => [group, reasonCode, count])).toEqual([['usage', 'invalid', 1], ['settings', 'malformed', 1]]);
    expect(await letters.count(tenantId, { group: 'nobody' })).toEqual([]);
  });

  it('gives the bytes of one letter to its tenant alone', async () => {
    const tenantId = newId();
    const id = await letters.insert(letter({ tenantId, entryId: '9-1' }));
    expect(await letters.find(tenantId, id)).toMatchObject({ id, raw: Buffer.from([0, 255]) });
    expect(await letters.find(newId(), id)).toBeUndefined();
    expect(await letters.find(tenantId, 'no id')).toBeUndefined();
  });

  it('gives what names no real tenant to the system tenant, and survives any text', async () => {
    await letters.insert(letter({ tenantId: 'not a tenant', entryId: '6-1', reason: 'NUL \u0000 here', messageId: 'm-1' }));
    expect((await letters.list(SYSTEM_TENANT_ID)).find((stored) => stored.entryId === '6-1')).toMatchObject({ reason: 'NUL \ufffd here', messageId: 'm-1' });
  });
});
