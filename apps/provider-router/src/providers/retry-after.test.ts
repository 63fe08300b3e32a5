import { expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.js';

const now = Date.parse('2026-11-20T12:00:00Z');

it.each([
  [undefined, undefined, undefined],
  ['1500.2', '9', 1_501],
  [undefined, '2', 2_000],
  [undefined, '0.5', 500],
  [undefined, 'Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
  [undefined, 'Fri, 20 Nov 2026 11:00:00 GMT', 0],
  [undefined, 'soon', undefined],
  ['-5', '-5', undefined],
])('retry-after-ms %j and retry-after %j give %j ms', (ms, seconds, expected) => {
  expect(parseRetryAfter(ms, seconds, now)).toBe(expected);
});
