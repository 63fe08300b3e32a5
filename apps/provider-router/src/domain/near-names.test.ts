import { expect, it } from 'vitest';
import { nearNames } from './near-names.js';

it('names what was probably meant, nearest first', () => {
  expect(nearNames('gpt-4', ['claude', 'gpt-4o-mini', 'gpt-4o', 'gpt-5'])).toEqual(['gpt-4o', 'gpt-5']);
  expect(nearNames('DEMO', ['demo', 'demo'])).toEqual(['demo']);
});

it('names nothing rather than something far', () => {
  expect(nearNames('zz', ['demo', 'a'])).toEqual([]);
  expect(nearNames('', ['demo'])).toEqual([]);
});
