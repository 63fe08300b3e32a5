import { assertExhaustive } from '@nexus/core';

/** How long a budget lasts, in UTC; `total` never begins anew. */
export type BudgetPeriod = 'day' | 'month' | 'total';

/** Where the window of `total` begins. */
const EPOCH_DAY = '1970-01-01';

/** The UTC day of a moment given in Unix milliseconds, as YYYY-MM-DD. */
export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

/** The first day of the window that a day is in; the same as usage.window_start in SQL. */
export function windowStart(period: BudgetPeriod, day: string): string {
  switch (period) {
    case 'day':
      return day;
    case 'month':
      return `${day.slice(0, 7)}-01`;
    case 'total':
      return EPOCH_DAY;
    default:
      return assertExhaustive(period);
  }
}

/** When the window that a day is in ends, in Unix milliseconds; undefined for `total`. */
export function windowEnd(period: BudgetPeriod, day: string): number | undefined {
  const start = new Date(`${windowStart(period, day)}T00:00:00Z`);
  switch (period) {
    case 'day':
      return start.setUTCDate(start.getUTCDate() + 1);
    case 'month':
      return start.setUTCMonth(start.getUTCMonth() + 1);
    case 'total':
      return undefined;
    default:
      return assertExhaustive(period);
  }
}
