import { expect, it } from 'vitest';
import { BoundedLabel } from './bounded-label.js';

it('names the first values, and calls all beyond the bound other', () => {
  const label = new BoundedLabel(2);
  expect(['a', 'b', 'a', 'c', 'b', 'd'].map((value) => label.of(value))).toEqual(['a', 'b', 'a', 'other', 'b', 'other']);
});
