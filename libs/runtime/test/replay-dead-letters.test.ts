import { memoryBus, redisBus } from '@nexus/channels';
import { newId } from '@nexus/core';
import { DeadLetterSelections, DeadLetterStore, type Database } from '@nexus/postgres';
import { freePort, postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { replayDeadLetters } from '../src/dead-letters/replay-dead-letters.js';
import { openToolsDatabase } from './tools-database.js';

const postgres = postgresTest();
let database: Database;
let letters: DeadLetterStore;
let selections: DeadLetterSelections;
beforeAll(async () => {
  database = await openToolsDatabase(postgres.url);
  let now = Date.now() - 60_000;
  letters = new DeadLetterStore(database, 'tools', { now: () => now++ }); // each letter at a time of its own
  selections = new DeadLetterSelections(database, 'tools');
});
afterAll(() => database.close());

/** One field named `a` with the value `b`. */
const ENTRY = Buffer.from([0, 0, 0, 1, 97, 0, 0, 0, 1, 98]);
const insert = (tenantId: string, entryId: string, channel: string, raw = ENTRY) => letters.insert({ tenantId, channel, group: 'tool-executor', entryId, raw, reasonCode: 'bad', reason: 'Bad.', deliveries: 1 });
const all = () => ({ seenUntil: new Date(Date.now() + 1_000) });

it('keeps letters while Redis is away, and says that there are more', async () => {
  const tenantId = newId();
  await insert(tenantId, '1-1', 'tools.execute');
  const bus = redisBus(`redis://127.0.0.1:${await freePort()}`);
  const { replayed, failures, hasMore } = await replayDeadLetters({ selections, bus }, tenantId, all(), 1_000);
  await bus.close();
  expect({ replayed, hasMore, retryable: failures.map(({ error }) => error.isRetryable) }).toEqual({ replayed: 0, hasMore: true, retryable: [true] });
  expect(await selections.count(tenantId, all())).toBe(1);

  const again = memoryBus();
  expect(await replayDeadLetters({ selections, bus: again }, tenantId, all(), 1_000)).toMatchObject({ replayed: 1, hasMore: false });
  await again.close();
});

it('passes over what can never be published, page after page', async () => {
  const tenantId = newId();
  const bad = [await insert(tenantId, '2-1', 'no.channel'), await insert(tenantId, '2-2', 'tools.execute', Buffer.from('no entry'))];
  for (let i = 0; i < 60; i++) await insert(tenantId, `3-${i}`, 'tools.execute');
  const bus = memoryBus();
  const { replayed, failures, hasMore } = await replayDeadLetters({ selections, bus }, tenantId, all(), 10_000);
  await bus.close();
  expect({ replayed, hasMore }).toEqual({ replayed: 60, hasMore: false });
  expect(failures.map(({ id, error }) => [id, error.code])).toEqual([[bad[0], 'unknown_channel'], [bad[1], 'malformed_raw']]);
  expect(await selections.count(tenantId, all())).toBe(2);
});
