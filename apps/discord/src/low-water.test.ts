import { expect, it } from 'vitest';
import { LowWater } from './low-water.js';

it('is the highest that has ended while nothing is under way', () => {
  const water = new LowWater(5n);
  expect(water.value).toBe(5n);
  water.begin(9n)();
  water.begin(7n)();
  expect(water.value).toBe(9n);
});

it('stays below the oldest that is under way, whatever ends after it', () => {
  const water = new LowWater(5n);
  const [first, second, third] = [water.begin(6n), water.begin(7n), water.begin(8n)];
  third();
  expect(water.value).toBe(5n);
  first();
  expect(water.value).toBe(6n);
  second();
  expect(water.value).toBe(8n);
});
