import { DeadLetterCensus, DeadLetterStore, type Database } from '@nexus/postgres';
import { postgresTest } from '@nexus/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeadLetterWatch } from '../src/dead-letters/dead-letter-watch.js';
import { Metrics } from '../src/metrics/metrics.js';
import { openToolsDatabase } from './tools-database.js';

const postgres = postgresTest();
const DAY = 86_400_000;
let now = Date.UTC(2026, 10, 20);
const clock = { now: () => now };
let database: Database;
beforeAll(async () => {
  database = await openToolsDatabase(postgres.url);
});
afterAll(() => database.close());

it('measures letters, warns once when they are too many, counts what expires, and tells nothing when it knows nothing', async () => {
  const logged: string[] = [];
  const logger = pino({ base: undefined, timestamp: false }, { write: (line) => void logged.push((JSON.parse(line) as { msg: string }).msg) });
  const metrics = new Metrics();
  const watch = new DeadLetterWatch({ census: new DeadLetterCensus(database, 'tools'), metrics, service: 'tool-executor', clock, logger, alertAt: 1, keepMs: 7 * DAY });
  const measured = async (name: string) => (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  const letters = new DeadLetterStore(database, 'tools', clock);
  const insert = (entryId: string) => letters.insert({ channel: 'tools.execute', group: 'tool-executor', entryId, raw: Buffer.from('x'), reasonCode: 'bad', reason: 'Bad.', deliveries: 1 });

  await watch.check();
  expect(await measured('nexus_dead_letters')).toEqual([]);
  expect(await measured('nexus_dead_letters_alert_threshold')).toEqual(['nexus_dead_letters_alert_threshold{service="tool-executor"} 1']);

  await insert('1-1');
  await watch.check();
  expect(logged).toEqual([]);
  now += DAY;
  await insert('1-2');
  await watch.check();
  await watch.check();
  expect(await measured('nexus_dead_letters')).toEqual(['nexus_dead_letters{service="tool-executor",channel="tools.execute"} 2']);
  expect(logged).toEqual(['there are many dead letters: nexus dead-letters count']);

  now += 6.5 * DAY;
  expect(await watch.expire()).toBe(1);
  await watch.check();
  expect(await measured('nexus_dead_letters')).toEqual(['nexus_dead_letters{service="tool-executor",channel="tools.execute"} 1']);
  expect(await measured('nexus_dead_letters_expired_total')).toEqual(['nexus_dead_letters_expired_total{service="tool-executor",channel="tools.execute"} 1']);
  expect(logged.at(-1)).toBe('dead letters are below the threshold again');

  await database.close();
  await watch.check();
  await watch.check();
  expect(await measured('nexus_dead_letters')).toEqual([]);
  expect(logged.filter((line) => line === 'dead letters cannot be counted now')).toHaveLength(1);
});
