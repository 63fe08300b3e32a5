import { describe, expect, it } from 'vitest';
import { afterTry, deliveryStates, reasonToSwitchOff, type TryOutcome } from './delivery.js';

const NOW = 1_000_000;
const DAY_MS = 86_400_000;
const failed: TryOutcome = { kind: 'failed', status: 500, error: 'answered 500' };

describe('afterTry', () => {
  it('ends with what was delivered', () => {
    expect(afterTry({ kind: 'delivered', status: 204 }, 3, NOW, 0)).toEqual({ state: deliveryStates.delivered, nextTryAt: undefined, status: 204, error: '' });
  });

  it('tries ten times in three days and a few hours, then gives up', () => {
    const waits = Array.from({ length: 9 }, (_, index) => (afterTry(failed, index + 1, NOW, 0).nextTryAt ?? NaN) - NOW);
    expect(waits).toEqual([5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000]);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / DAY_MS).toBeCloseTo(3.15, 2);
    expect(afterTry(failed, 10, NOW, 0)).toEqual({ state: deliveryStates.failed, nextTryAt: undefined, status: 500, error: 'answered 500' });
  });

  it('waits up to a fifth longer by chance, never shorter', () => {
    expect(afterTry(failed, 1, NOW, 0.5).nextTryAt).toBe(NOW + 5_500);
    expect(afterTry(failed, 1, NOW, 0.999_999).nextTryAt).toBeLessThanOrEqual(NOW + 6_000);
  });

  it('waits as long as the receiver asks, a day at most', () => {
    expect(afterTry({ ...failed, retryAfterMs: 60_000 }, 1, NOW, 0).nextTryAt).toBe(NOW + 60_000);
    expect(afterTry({ ...failed, retryAfterMs: 1_000 }, 1, NOW, 0).nextTryAt).toBe(NOW + 5_000);
    expect(afterTry({ ...failed, retryAfterMs: 99 * DAY_MS }, 1, NOW, 0).nextTryAt).toBe(NOW + DAY_MS);
  });

  it('tries no more where the receiver is gone', () => {
    expect(afterTry({ kind: 'gone', status: 410 }, 1, NOW, 0)).toMatchObject({ state: deliveryStates.failed, nextTryAt: undefined, status: 410 });
  });
});

describe('reasonToSwitchOff', () => {
  it('is a receiver that is gone, or five days without success', () => {
    expect(reasonToSwitchOff({ kind: 'gone', status: 410 }, NOW, NOW)).toMatch('410');
    expect(reasonToSwitchOff(failed, NOW, NOW + 5 * DAY_MS - 1)).toBeUndefined();
    expect(reasonToSwitchOff(failed, NOW, NOW + 5 * DAY_MS)).toMatch('five days');
  });
});
