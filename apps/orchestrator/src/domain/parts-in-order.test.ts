import { expect, it } from 'vitest';
import { PartsInOrder } from './parts-in-order.js';

it('says when a later epoch begins anew, and drops what comes late of an earlier one', () => {
  const order = new PartsInOrder();
  expect([1n, 1n, 2n, 1n, 2n, 4n, 3n].map((epoch) => order.place({ epoch }))).toEqual(['next', 'next', 'anew', 'void', 'next', 'anew', 'void']);
});
