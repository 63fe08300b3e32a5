import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Stopping } from './stopping.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says at once that the service stops, and shortly before the end that nothing more will be finished', () => {
  const stopping = new Stopping();
  expect([stopping.signal.aborted, stopping.lastCall.aborted]).toEqual([false, false]);
  stopping.begin(10_000);
  expect([stopping.signal.aborted, stopping.lastCall.aborted]).toEqual([true, false]);
  vi.advanceTimersByTime(8_999);
  expect(stopping.lastCall.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stopping.lastCall.aborted).toBe(true);
});

it('says both at once when there is no grace', () => {
  const stopping = new Stopping();
  stopping.begin(0);
  expect(stopping.lastCall.aborted).toBe(true);
});
