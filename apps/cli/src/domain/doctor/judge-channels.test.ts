import { describe, expect, it } from 'vitest';
import { judgeChannels, type GroupFacts } from './judge-channels.js';

const HOUR = 3_600_000;
const quiet: GroupFacts = { channel: 'tools.execute', group: 'tool-executor', waiting: 0, oldestMs: 0, pending: 0, consumers: [{ name: 'executor-1', idleMs: 40, pending: 0 }] };
const judge = (more: Partial<GroupFacts>) => judgeChannels([quiet, { ...quiet, ...more }]);

describe('judgeChannels', () => {
  it('says how much waits where all is well; what has just come is no trouble', () => {
    expect(judge({ waiting: 7, oldestMs: 900 })).toEqual([{ subject: 'channels', verdict: 'ok', says: '2 groups read their channels; 7 entries wait' }]);
  });

  it.each([
    ['a group that nobody reads', { waiting: 3, oldestMs: 4 * HOUR, consumers: [] }, 'failure', '3 entries of tools.execute wait, the oldest for 4 hours, and nobody reads', /Start tool-executor/],
    ['more than a group can handle', { waiting: undefined, oldestMs: 180_000 }, 'warning', 'entries of tools.execute wait, the oldest for 3 minutes', /more replicas/],
    ['a consumer that holds what it does not handle', { consumers: [{ name: 'executor-2', idleMs: 5 * HOUR, pending: 2 }] }, 'warning', 'the consumer executor-2 of tools.execute has held 2 entries for 5 hours', /taken them over/],
    ['a consumer that is gone', { consumers: [{ name: 'executor-2', idleMs: 240 * HOUR, pending: 0 }] }, 'warning', 'the consumer executor-2 of tools.execute has not been seen for 10 days', /XGROUP DELCONSUMER/],
  ])('tells of %s, and what to do', (_, more, verdict, says, advice) => {
    expect(judge(more)).toEqual([{ subject: 'channels', verdict, says, advice: expect.stringMatching(advice) }]);
  });
});
