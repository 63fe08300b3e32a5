import { describe, expect, it } from 'vitest';
import { judgePostgres, type PostgresFacts } from './judge-postgres.js';

const sound: PostgresFacts = {
  version: 170_002, settings: { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', autovacuum: 'on', max_connections: '100' },
  connections: 12, idleInTransactionSeconds: 0, schemas: ['orchestrator', 'router', 'settings', 'tools', 'usage'], violations: [], unboundRoles: [],
};
const judge = (more: Partial<PostgresFacts>) => judgePostgres({ ...sound, ...more }).filter(({ verdict }) => verdict !== 'ok');

describe('judgePostgres', () => {
  it('finds nothing wrong with a Postgres as it should be', () => {
    expect(judge({})).toEqual([]);
    expect(judgePostgres(sound).map(({ says }) => says)).toContain('Postgres 17.2');
  });

  it.each([
    ['an old version', { version: 130_010 }, 'failure', /14 or newer/],
    ['commits that may be lost', { settings: { ...sound.settings, synchronous_commit: 'off' } }, 'failure', /synchronous_commit = on/],
    ['a database that a crash destroys', { settings: { ...sound.settings, fsync: 'off' } }, 'failure', /fsync = on/],
    ['tables that grow', { settings: { ...sound.settings, autovacuum: 'off' } }, 'warning', /autovacuum = on/],
    ['few connections left', { connections: 81 }, 'warning', /max_connections/],
    ['a transaction that does nothing', { idleInTransactionSeconds: 900 }, 'warning', /pg_stat_activity/],
    ['a schema that is missing', { schemas: sound.schemas.slice(1) }, 'warning', /migrations/],
    ['a database without NEXUS', { schemas: [] }, 'unknown', /DATABASE_URL/],
    ['a table without row-level security', { violations: ['usage.ledger does not force row-level security'] }, 'failure', /stop the services/],
    ['a role that row-level security does not hold for', { unboundRoles: ['nexus_usage'] }, 'failure', /ALTER ROLE nexus_usage/],
  ])('tells of %s, and what to do', (_, more, verdict, advice) => {
    expect(judge(more)).toEqual([expect.objectContaining({ verdict, advice: expect.stringMatching(advice) })]);
  });
});
