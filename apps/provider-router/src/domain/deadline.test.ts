import { expect, it } from 'vitest';
import { deadlineOf } from './deadline.js';

it.each([
  ['what the request says', 5_000n, 5_000],
  ['a quarter of an hour where it says nothing', 0n, 1_000 + 900_000],
  ['a quarter of an hour where it says nonsense', -1n, 1_000 + 900_000],
  ['what a timer can wait for, at most', 9_000_000_000_000_000n, 1_000 + 20 * 86_400_000],
])('is %s', (_what, deadlineMs, expected) => {
  expect(deadlineOf({ timestamp: 1_000, payload: { deadlineMs } })).toBe(expected);
});
