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
    const [stored, ...others] = await letters.list({ channel: 'usage.recorded' });
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ id, tenantId: SYSTEM_TENANT_ID, entryId: '1-1', deliveries: 3, messageId: '', reasonCode: 'malformed' });
    expect(stored && stored.lastSeenAt.getTime() - stored.firstSeenAt.getTime()).toBe(1_000);
    expect(stored).not.toHaveProperty('raw');
  });

  it('shows a tenant its own, newest first', async () => {
    const tenantId = newId();
    for (const entryId of ['5-1', '5-2', '5-3']) {
      now += 1;
      await letters.insert(letter({ tenantId, entryId, channel: 'audit.recorded' }));
    }
    expect((await letters.list({ tenantId, limit: 2 })).map((stored) => stored.entryId)).toEqual(['5-3', '5-2']);
    expect(await letters.list({ tenantId, channel: 'usage.recorded' })).toEqual([]);
  });

  it('gives what names no real tenant to the system tenant, and survives any text', async () => {
    await letters.insert(letter({ tenantId: 'not a tenant', entryId: '6-1', reason: 'NUL \u0000 here', messageId: 'm-1' }));
    expect((await letters.list()).find((stored) => stored.entryId === '6-1')).toMatchObject({ reason: 'NUL \ufffd here', messageId: 'm-1' });
  });
});
