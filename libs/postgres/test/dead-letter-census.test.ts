import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeadLetterCensus, DeadLetterSelections, DeadLetterStore, type Database } from '../src/index.js';
import { connectSample, SCHEMA } from './fixture.js';

const postgres = postgresTest();
let database: Database;
let now = Date.UTC(2026, 10, 20);
const clock = { now: () => now };
let letters: DeadLetterStore;
let census: DeadLetterCensus;
beforeAll(async () => {
  database = await connectSample(postgres.url);
  letters = new DeadLetterStore(database, SCHEMA, clock);
  census = new DeadLetterCensus(database, SCHEMA);
});
afterAll(() => database.close());

const insert = (entryId: string, channel: string, tenantId?: string): Promise<string> =>
  letters.insert({ channel, group: 'usage', entryId, raw: Buffer.from(entryId), reasonCode: 'malformed', reason: 'It is bad.', deliveries: 1, ...(tenantId && { tenantId }) });
const counts = async (): Promise<Record<string, number>> => Object.fromEntries(await census.count());

it('counts the letters of every tenant, and deletes those that are too old while it says so', async () => {
  expect(await counts()).toEqual({});
  expect(await census.expire(new Date(now), 10)).toEqual({ rows: 0, letters: new Map() });

  const [a, b] = [newId(), newId()];
  await insert('1-1', 'usage.recorded');
  await insert('1-2', 'usage.recorded', a);
  const replayed = await insert('1-3', 'usage.recorded', b);
  now += 1_000;
  await insert('1-4', 'audit.recorded', b);
  const selections = new DeadLetterSelections(database, SCHEMA, clock);
  await selections.beginReplay(b, [replayed]);
  await selections.endReplay(b, [replayed]);
  expect(await counts()).toEqual({ 'usage.recorded': 2, 'audit.recorded': 1 });

  expect(await census.expire(new Date(now), 1)).toEqual({ rows: 1, letters: new Map([['usage.recorded', 1]]) });
  expect(await census.expire(new Date(now), 10)).toEqual({ rows: 1, letters: new Map([['usage.recorded', 1]]) });
  expect(await counts()).toEqual({ 'audit.recorded': 1 });

  // What was kept of the replayed one ends too, and is no letter that nobody saw.
  expect(await census.expire(new Date(now + 1), 10)).toEqual({ rows: 2, letters: new Map([['audit.recorded', 1]]) });
  expect(await counts()).toEqual({});
});

it('counts more tenants than it asks for at once', async () => {
  await Promise.all(Array.from({ length: 1_001 }, (_, i) => insert(`2-${i}`, 'tools.execute', newId())));
  expect(await counts()).toEqual({ 'tools.execute': 1_001 });
});
