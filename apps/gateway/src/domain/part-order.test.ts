import { expect, it } from 'vitest';
import { PartOrder } from './part-order.js';

it('tells the next part from one that came before and one that others are missing before', () => {
  const order = new PartOrder();
  expect([0n, 1n, 0n, 1n, 3n, 2n, 3n].map((seq) => order.place(seq))).toEqual(['next', 'next', 'repeated', 'repeated', 'gap', 'next', 'next']);
  expect(order.seen).toBe(4n);
});
