import { describe, expect, it } from 'vitest';
import { dayOf, windowEnd, windowStart } from './budget-window.js';

describe('budget windows', () => {
  it('begin at midnight UTC, on the first of the month, or never', () => {
    expect(windowStart('day', '2026-11-20')).toBe('2026-11-20');
    expect(windowStart('month', '2026-11-20')).toBe('2026-11-01');
    expect(windowStart('total', '2026-11-20')).toBe('1970-01-01');
  });

  it.each([
    ['day', '2026-12-31', Date.UTC(2027, 0, 1)],
    ['month', '2026-12-31', Date.UTC(2027, 0, 1)],
    ['month', '2028-02-29', Date.UTC(2028, 2, 1)],
    ['total', '2026-12-31', undefined],
  ] as const)('of a %s that %s is in end at %s', (period, day, end) => {
    expect(windowEnd(period, day)).toBe(end);
  });

  it('know the day of a moment in UTC', () => {
    expect(dayOf(Date.UTC(2026, 10, 20, 23, 59, 59, 999))).toBe('2026-11-20');
  });
});
