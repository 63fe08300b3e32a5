import { expect, it } from 'vitest';
import { monthEnd, quotaExceeded, runQuotaOf } from './run-quota.js';

const NOON = Date.UTC(2026, 11, 20, 12);

it('knows the plans that have a name, one of its own, and none', () => {
  expect([runQuotaOf('free'), runQuotaOf('team'), runQuotaOf({ runs_per_month: 7 }), runQuotaOf(undefined)]).toEqual([
    { plan: 'free', runsPerMonth: 100 }, { plan: 'team', runsPerMonth: 5_000 }, { plan: 'own', runsPerMonth: 7 }, undefined,
  ]);
  expect(() => runQuotaOf('gold')).toThrow();
});

it('begins anew with the month, also at the end of a year', () => {
  expect(new Date(monthEnd(NOON)).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  expect(new Date(monthEnd(Date.UTC(2026, 0, 31, 23, 59))).toISOString()).toBe('2026-02-01T00:00:00.000Z');
});

it('refuses with the plan and the time at which it begins anew', () => {
  expect(quotaExceeded({ plan: 'free', runsPerMonth: 100 }, NOON)).toMatchObject({
    code: 'quota_exceeded', status: 429, isRetryable: true, retryAfterMs: Date.UTC(2027, 0, 1) - NOON,
    message: 'The plan "free" has 100 runs a month, and all are used. It begins anew on 2027-01-01 at 00:00 UTC.',
  });
});
