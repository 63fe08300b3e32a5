import { describe, expect, it } from 'vitest';
import { judgeClock, judgeDisk, judgeMemory } from './judge-machine.js';

const GB = 1_073_741_824;

describe('judgeDisk', () => {
  it.each([[100, 'ok'], [1.5, 'warning'], [0.1, 'failure']])('calls %d GB free of 200 %s', (free, verdict) => {
    expect(judgeDisk({ path: '/data', freeBytes: free * GB, totalBytes: 200 * GB })).toMatchObject({ subject: 'disk', verdict });
  });

  it('looks at the share too', () => {
    expect(judgeDisk({ path: '/data', freeBytes: 30 * GB, totalBytes: 1_000 * GB })).toMatchObject({ verdict: 'warning', says: '30 GB of 1000 GB free at /data' });
  });
});

describe('judgeMemory', () => {
  it('tells when hardly any is left, to the machine or to its control group', () => {
    const verdicts = (...facts: Parameters<typeof judgeMemory>) => judgeMemory(...facts).map(({ verdict }) => verdict);
    expect(verdicts({ availableBytes: 8 * GB, totalBytes: 16 * GB, limit: { bytes: 4 * GB, usedBytes: GB } })).toEqual(['ok']);
    expect(verdicts({ availableBytes: 0.2 * GB, totalBytes: 2 * GB })).toEqual(['warning']);
    expect(verdicts({ availableBytes: 8 * GB, totalBytes: 16 * GB, limit: { bytes: 4 * GB, usedBytes: 3.9 * GB } })).toEqual(['ok', 'warning']);
  });
});

describe('judgeClock', () => {
  it.each([[300, 0, 'ok'], [-2_500, 1_000, 'ok'], [-4_000, 500, 'warning'], [61_000, 0, 'failure']])('calls %d ms, known to %d ms, %s', (aheadMs, uncertainMs, verdict) => {
    expect(judgeClock({ of: 'Redis', aheadMs, uncertainMs })).toMatchObject({ subject: 'clock', verdict });
  });

  it('says in which direction', () => {
    expect(judgeClock({ of: 'Redis', aheadMs: -4_000, uncertainMs: 500 }).says).toBe('the clock of Redis is 3.5 s behind');
  });
});
