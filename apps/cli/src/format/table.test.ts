import { expect, it } from 'vitest';
import { table } from './table.js';

it('makes columns as wide as their widest cell, numbers to the right, and leaves nothing behind the last', () => {
  expect(table([{ title: 'NAME' }, { title: 'N', align: 'right' }, { title: 'END' }], [['a', '1', 'x'], ['longer', '1,280', '']])).toEqual([
    'NAME        N  END',
    'a           1  x',
    'longer  1,280',
  ]);
});

it('keeps a row on one line whatever a cell holds, and counts characters, not code units', () => {
  expect(table([{ title: 'A' }, { title: 'B' }], [['two\nlines', 'b'], ['\u{1f30d}', 'c']])).toEqual(['A          B', 'two lines  b', '\u{1f30d}          c']);
});
