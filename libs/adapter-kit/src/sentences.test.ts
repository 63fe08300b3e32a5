import { expect, it } from 'vitest';
import { sentenceFor } from './sentences.js';

const error = (code: string, retryAfterMs = 0, message = 'As it was written.') => ({ code, message, retryAfterMs: BigInt(retryAfterMs) });

it('tells when to come back, in words that are never too early', () => {
  expect(sentenceFor(error('rate_limited', 1_001))).toBe('That was a bit much at once. Please try again in 2 seconds.');
  expect(sentenceFor(error('rate_limited', 1_000))).toContain('in 1 second.');
  expect(sentenceFor(error('overloaded', 61_000))).toContain('in 2 minutes');
  expect(sentenceFor(error('budget_exceeded', 3 * 3_600_000))).toContain('in 3 hours');
  expect(sentenceFor(error('quota_exceeded', 5.5 * 86_400_000))).toContain('in 6 days');
  expect(sentenceFor(error('rate_limited'))).toBe('That was a bit much at once. Please try again in a minute.');
});

it('says what NEXUS says where it has no words of its own', () => {
  expect(sentenceFor(error('sender_unknown'))).toBe('As it was written.');
  expect(sentenceFor(error('something_new', 5))).toBe('As it was written.');
});

it('never says nothing', () => {
  expect(sentenceFor(undefined)).toMatch(/went wrong/);
  expect(sentenceFor(error('', 0, ''))).toMatch(/went wrong/);
  expect(sentenceFor(error('constructor', 0, ''))).toMatch(/went wrong/);
});
