import { expect, it } from 'vitest';
import { matchesPattern } from './model-pattern.js';

it.each([
  ['fake*', 'fake', true],
  ['fake*', 'fake;delay=50', true],
  ['fake*', 'afake', false],
  ['demo;*', 'demo', false],
  ['*', 'anything', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'a-c', false],
  ['aba*aba', 'aba', false],
  ['gpt-4.1*', 'gpt-401', false],
  ['*-latest', 'x-latest', true],
])('%s on %s is %s', (pattern, name, fits) => {
  expect(matchesPattern(pattern, name)).toBe(fits);
});

it('takes no time worth mentioning for a pattern made to be slow', () => {
  expect(matchesPattern(`${'*a'.repeat(50)}b`, 'a'.repeat(10_000))).toBe(false);
});
