import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterSelections, DeadLetterStore, type Database } from '../src/index.js';
import { connectSample, SCHEMA } from './fixture.js';

const postgres = postgresTest();
let database: Database;
let now = Date.UTC(2026, 10, 20);
const clock = { now: () => now };
let letters: DeadLetterStore;
let selections: DeadLetterSelections;
let tenantId: string;
beforeAll(async () => {
  database = await connectSample(postgres.url);
  letters = new DeadLetterStore(database, SCHEMA, clock);
  selections = new DeadLetterSelections(database, SCHEMA, clock);
});
beforeEach(() => {
  tenantId = newId();
});
afterAll(() => database.close());

const insert = (entryId: string, bytes = entryId, more: { channel?: string; reasonCode?: string } = {}): Promise<string> => {
  now += 1_000;
  return letters.insert({ tenantId, channel: 'usage.recorded', group: 'usage', entryId, raw: Buffer.from(bytes), reasonCode: 'malformed', reason: 'It is bad.', deliveries: 1, ...more });
};
const all = () => ({ seenUntil: new Date(now) });
const listed = async () => (await letters.list(tenantId)).map((letter) => letter.entryId);

describe('DeadLetterSelections', () => {
  it('pages through what is selected, oldest first, and leaves out what was seen later', async () => {
    for (const entryId of ['1-1', '1-2', '1-3']) await insert(entryId);
    const until = all();
    await insert('1-4');
    const first = await selections.page(tenantId, until, 2);
    const second = await selections.page(tenantId, until, 2, first.at(-1));
    const [newest] = await letters.list(tenantId, { about: '1-3' });
    expect([first.length, second.map(({ id }) => id)]).toEqual([2, [newest?.id]]);
    expect(await selections.count(tenantId, until)).toBe(3);
    expect(await selections.count(tenantId, { ...all(), ids: [newId()] })).toBe(0);
    expect(await selections.count(newId(), all())).toBe(0);
  });

  it('takes a letter for one replay at a time, in the order that was asked, and again when that replay died', async () => {
    const ids = [await insert('2-2'), await insert('2-1')].toReversed();
    expect((await selections.beginReplay(tenantId, ids)).map(({ id, channel, raw }) => [id, channel, String(raw)])).toEqual([[ids[0], 'usage.recorded', '2-1'], [ids[1], 'usage.recorded', '2-2']]);
    expect(await selections.beginReplay(tenantId, ids)).toEqual([]);
    expect(await listed()).toHaveLength(2);
    now += 31_000;
    expect(await selections.beginReplay(tenantId, ids)).toHaveLength(2);
    await selections.abandonReplay(tenantId, ids);
    expect(await selections.beginReplay(tenantId, ids)).toHaveLength(2);
  });

  it('keeps of a replayed letter no content, and its first time for the entry that fails again', async () => {
    const id = await insert('3-1', 'poison');
    const firstSeenAt = new Date(now);
    await selections.beginReplay(tenantId, [id]);
    await selections.endReplay(tenantId, [id]);
    expect(await listed()).toEqual([]);
    expect(await letters.find(tenantId, id)).toBeUndefined();
    expect(await database.withTenant(tenantId, (tx) => tx.query('raws', 'SELECT raw FROM sample.dead_letter'))).toEqual([{ raw: Buffer.alloc(0) }]);
    const again = await insert('3-9', 'poison');
    expect(again).not.toBe(id);
    expect(await letters.list(tenantId)).toMatchObject([{ id: again, firstSeenAt, lastSeenAt: new Date(now), replays: 1 }]);
    await selections.beginReplay(tenantId, [again]);
    await selections.endReplay(tenantId, [again]);
    await insert('3-10', 'poison');
    expect(await letters.list(tenantId)).toMatchObject([{ entryId: '3-10', firstSeenAt, replays: 2 }]);
  });

  it('keeps the first time also when the entry fails again before its replay has ended', async () => {
    const id = await insert('4-1', 'quick');
    const firstSeenAt = new Date(now);
    await selections.beginReplay(tenantId, [id]);
    await insert('4-2', 'quick');
    await selections.endReplay(tenantId, [id]);
    expect(await letters.list(tenantId)).toMatchObject([{ entryId: '4-2', firstSeenAt, replays: 1 }]);
  });

  it('keeps the first times also while entries fail again at the moment in which their replay ends', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `race-${i}`);
    const ids: string[] = [];
    for (const name of names) ids.push(await insert(`8-${name}`, name));
    const before = (await letters.list(tenantId, { limit: 100 })).map((letter) => letter.firstSeenAt.getTime());
    await selections.beginReplay(tenantId, ids);
    await Promise.all([...names.slice(0, 20).map((name) => insert(`9-${name}`, name)), selections.endReplay(tenantId, ids), ...names.slice(20).map((name) => insert(`9-${name}`, name))]);
    const after = await letters.list(tenantId, { limit: 100 });
    expect(after.map((letter) => letter.replays)).toEqual(names.map(() => 1));
    expect(after.map((letter) => letter.firstSeenAt.getTime()).toSorted()).toEqual(before.toSorted());
  });

  it('gives each of two equal entries its own first time', async () => {
    const ids = [await insert('5-1', 'twin'), await insert('5-2', 'twin')];
    const oldest = now - 1_000;
    await selections.beginReplay(tenantId, ids);
    await selections.endReplay(tenantId, ids);
    await insert('5-3', 'twin');
    await insert('5-4', 'twin');
    expect((await letters.list(tenantId)).map((letter) => letter.firstSeenAt.getTime()).toSorted()).toEqual([oldest, oldest + 1_000]);
  });

  it('takes an entry for a letter again when it was replayed and its first delivery comes once more', async () => {
    const id = await insert('6-1');
    await selections.beginReplay(tenantId, [id]);
    await selections.endReplay(tenantId, [id]);
    expect(await insert('6-1')).toBe(id);
    expect(await letters.find(tenantId, id)).toMatchObject({ raw: Buffer.from('6-1') });
  });

  it('purges what is selected, some at a time, and nothing else', async () => {
    await insert('7-1', 'a', { channel: 'audit.recorded' });
    for (const entryId of ['7-2', '7-3', '7-4']) await insert(entryId, 'b', { reasonCode: 'invalid' });
    const invalid = { ...all(), reasonCode: 'invalid' };
    expect(await selections.purge(newId(), invalid, 10)).toBe(0);
    expect([await selections.purge(tenantId, invalid, 2), await selections.purge(tenantId, invalid, 2)]).toEqual([2, 1]);
    expect(await listed()).toEqual(['7-1']);
  });
});
