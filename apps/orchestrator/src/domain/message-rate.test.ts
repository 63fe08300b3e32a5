import { describe, expect, it } from 'vitest';
import { MessageRate } from './message-rate.js';

describe('MessageRate', () => {
  it('lets through what a minute allows, and says when the next one may come', () => {
    const rate = new MessageRate();
    expect([0, 10_000, 20_000].map((now) => rate.take('ann', `m${now}`, 2, now))).toEqual([0, 0, 40_000]);
    expect(rate.take('ann', 'again', 2, 59_999)).toBe(1);
    expect(rate.take('ann', 'again', 2, 60_000)).toBe(0);
    expect(rate.take('ann', 'more', 2, 60_000)).toBe(10_000);
  });

  it('counts a message that comes again once', () => {
    const rate = new MessageRate();
    expect([1, 2, 3].map((now) => rate.take('ann', 'm', 1, now))).toEqual([0, 0, 0]);
    expect(rate.take('ann', 'other', 1, 4)).toBeGreaterThan(0);
    expect(rate.take('ann', 'm', 1, 5)).toBe(0);
  });

  it('counts each sender alone', () => {
    const rate = new MessageRate();
    expect(rate.take('ann', 'a', 1, 0)).toBe(0);
    expect(rate.take('bob', 'b', 1, 0)).toBe(0);
    expect(rate.take('bob', 'c', 1, 0)).toBe(60_000);
  });

  it('waits long enough when fewer are allowed than were sent', () => {
    const rate = new MessageRate();
    for (const now of [0, 1_000, 2_000]) rate.take('ann', `m${now}`, 3, now);
    expect(rate.take('ann', 'next', 1, 3_000)).toBe(59_000);
  });

  it('forgets those that were silent longest when there are too many', () => {
    const rate = new MessageRate(2);
    rate.take('ann', '1', 1, 0);
    rate.take('bob', '1', 1, 0);
    rate.take('ann', '2', 1, 1);
    rate.take('cid', '1', 1, 2);
    expect(rate.take('ann', '3', 1, 3)).toBeGreaterThan(0);
    expect(rate.take('bob', '2', 1, 3)).toBe(0);
  });
});
