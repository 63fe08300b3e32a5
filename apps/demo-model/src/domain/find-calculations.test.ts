import { expect, it } from 'vitest';
import { findCalculations } from './find-calculations.js';

it.each([
  ['what is 17.5% of 1,280, and what time is it in Tokyo?', ['17.5 / 100 * 1280']],
  ['What’s 3 percent of the 200?', ['3 / 100 * 200']],
  ['2+2', ['2 + 2']],
  ['two plus two', ['2 + 2']],
  ['12 × (3 - 1) / 4 = ?', ['12 * (3 - 1) / 4']],
  ['what is 10-3', ['10 - 3']],
  ['is $1,250.50 minus $50 enough?', ['1250.50 - 50']],
  ['7 squared plus 5 cubed', ['7 ^ 2 + 5 ^ 3']],
  ['the square root of 144 divided by 3', ['sqrt(144) / 3']],
  ['2 to the power of 10', ['2 ^ 10']],
  ['-5 + 3', ['-5 + 3']],
  ['3 * -2', ['3 * -2']],
  ['6 x 7', ['6 * 7']],
  ['17 mod 5', ['17 % 5']],
  ['5 + 10% of 50', ['5 + 10 / 100 * 50']],
  ['what is 2 + 2 and what is 3 * 3?', ['2 + 2', '3 * 3']],
  ['compute this (3 + 4)', ['(3 + 4)']],
  ['(as in 3 + 4)', ['3 + 4']],
  ['sqrt(2)', ['sqrt(2)']],
])('%s holds %j', (text, expressions) => {
  expect(findCalculations(text).map((it) => it.expression)).toEqual(expressions);
});

it.each([
  'hello',
  'I have 3 cats',
  'three times a day',
  'it takes 2-3 days',
  'open 24/7',
  'on 2026-11-20 at 10:30',
  'see https://example.com/1/2+3',
  'GPT-4 and utf-8',
  '5',
  '-5',
  '50%',
  'call 3x or a+b',
  '+ - * /',
  '((((',
  '',
])('%j holds none', (text) => {
  expect(findCalculations(text)).toEqual([]);
});

it('keeps the words of the person and their place', () => {
  expect(findCalculations('Tell me: what is 17.5 % of 1,280?')).toEqual([{ at: 17, label: '17.5 % of 1,280', expression: '17.5 / 100 * 1280' }]);
});

it('is quick on text made to be slow, and passes over what is too long for a question', () => {
  expect(findCalculations('1'.repeat(50_000))).toEqual([]);
  expect(findCalculations('('.repeat(50_000))).toEqual([]);
  expect(findCalculations('1 + '.repeat(10_000))).toEqual([]);
  expect(findCalculations(`${'1 + '.repeat(100)}1`)).toHaveLength(1);
});
