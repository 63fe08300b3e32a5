import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHistories, writeHistories } from './history-file.js';
import { HistoryRecorder } from './history-recorder.js';
import { kinds } from './history-scenarios.js';
import { divergencesOf } from './replay-histories.js';

const postgres = postgresTest();
const redis = redisTest();
/** `npm run histories:record` names them: then a full set is recorded and kept. */
const name = process.env['NEXUS_HISTORIES'];
let folder: string;

beforeAll(() => {
  folder = name === undefined ? mkdtempSync(join(tmpdir(), 'nexus-histories-')) : fileURLToPath(new URL('histories', import.meta.url));
});
afterAll(() => {
  if (name === undefined) rmSync(folder, { recursive: true, force: true });
});

it('runs of every kind, as they are stored now, replay to the same states and answers', async () => {
  const file = join(folder, `${name ?? 'now'}.jsonl.gz`);
  const histories = await HistoryRecorder.record({ databaseUrl: postgres.url, redisUrl: redis.url }, name === undefined ? 0.02 : 1.05, 20_261_120);
  expect(divergencesOf(histories)).toEqual([]);
  expect(new Set(histories.map(({ kind }) => kind))).toEqual(new Set([...Object.keys(kinds), 'fork']));
  expect(histories.filter(({ kind, answer }) => (answer === undefined) !== kind.startsWith('left '))).toEqual([]);
  writeHistories(file, histories);
  const kept = readHistories(file);
  expect(kept.map(({ kind, events }) => [kind, events.length])).toEqual(histories.map(({ kind, events }) => [kind, events.length]));
  expect(divergencesOf(kept)).toEqual([]);
  if (name !== undefined) console.log(`${kept.length} histories, ${kept.reduce((sum, { events }) => sum + events.length, 0)} events, ${readFileSync(file).length} bytes in ${file}`);
}, 300_000);
