import { describe, expect, it } from 'vitest';
import { judgeRedis, type RedisFacts } from './judge-redis.js';

const info = {
  redis_version: '7.0.15', role: 'master', used_memory: '1048576', maxmemory: '104857600', maxmemory_policy: 'noeviction',
  aof_enabled: '1', aof_last_write_status: 'ok', rdb_last_bgsave_status: 'ok',
};
const judge = (more: Record<string, string> = {}, config: Record<string, string> = { appendfsync: 'everysec' }, pingMs = 0.3) =>
  judgeRedis({ info: { ...info, ...more }, config, pingMs } satisfies RedisFacts).filter(({ verdict }) => verdict !== 'ok');

describe('judgeRedis', () => {
  it('finds nothing wrong with a Redis as it should be', () => {
    expect(judge()).toEqual([]);
  });

  it.each([
    ['an old version', { redis_version: '6.2.14' }, 'failure', /7\.0 or newer/],
    ['a policy that drops keys', { maxmemory_policy: 'allkeys-lru' }, 'failure', /noeviction/],
    ['no limit', { maxmemory: '0' }, 'warning', /maxmemory/],
    ['hardly any room', { used_memory: '94371840' }, 'failure', /raise maxmemory/],
    ['no append-only file', { aof_enabled: '0' }, 'warning', /appendonly yes/],
    ['an append-only file that cannot be written', { aof_last_write_status: 'err' }, 'failure', /disk/],
    ['a snapshot that failed', { rdb_last_bgsave_status: 'err' }, 'failure', /BGSAVE/],
    ['a replica', { role: 'slave' }, 'failure', /master/],
  ])('tells of %s, and what to do', (_, more, verdict, advice) => {
    expect(judge(more)).toEqual([expect.objectContaining({ subject: 'redis', verdict, advice: expect.stringMatching(advice) })]);
  });

  it('knows that a failed snapshot stops nothing where that is switched off', () => {
    expect(judge({ rdb_last_bgsave_status: 'err' }, { 'stop-writes-on-bgsave-error': 'no' })).toEqual([]);
  });

  it('tells of a file that is written when the system likes, and of slow answers', () => {
    expect(judge({}, { appendfsync: 'no' }, 45)).toEqual([
      expect.objectContaining({ advice: 'Set appendfsync everysec.' }),
      expect.objectContaining({ says: 'Redis answers in 45 ms' }),
    ]);
  });
});
