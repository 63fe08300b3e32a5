import { expect, it } from 'vitest';
import { hasMessagesSince, missedSince, snowflakeAt } from './catch-up.js';

const NOW = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;

it('knows which ids a time has', () => {
  // the example of Discord's documentation
  expect(snowflakeAt(1_462_015_105_796)).toBe(175928847299117063n >> 22n << 22n);
  expect(snowflakeAt(0)).toBe(0n);
});

it('begins a little before the last message that was seen, and never longer ago than it may', () => {
  expect(missedSince(snowflakeAt(NOW - HOUR) + 77n, NOW, 2 * HOUR)).toBe(snowflakeAt(NOW - HOUR - 10_000));
  expect(missedSince(snowflakeAt(NOW - 5 * HOUR), NOW, 2 * HOUR)).toBe(snowflakeAt(NOW - 2 * HOUR));
});

it.each([
  [null, false],
  [String(snowflakeAt(NOW)), false],
  [String(snowflakeAt(NOW) + 1n), true],
])('asks a channel whose last message is %s: %s', (last_message_id, isAsked) => {
  expect(hasMessagesSince({ id: '1', type: 0, last_message_id }, snowflakeAt(NOW))).toBe(isAsked);
});
