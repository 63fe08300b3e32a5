import { expect, it } from 'vitest';
import { InOrder } from './in-order.js';

it('does the work of a channel one after the other, and that of two channels at once', async () => {
  const order = new InOrder();
  const said: string[] = [];
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const first = order.add('a', async () => {
    await gate;
    said.push('a1');
  });
  const second = order.add('a', async () => void said.push('a2'));
  await order.add('b', async () => void said.push('b1'));
  expect(said).toEqual(['b1']);
  release();
  await Promise.all([first, second]);
  expect(said).toEqual(['b1', 'a1', 'a2']);
});

it('goes on after work that fails, and tells the failure to whoever asked for it', async () => {
  const order = new InOrder();
  const failed = order.add('a', async () => Promise.reject(new Error('no')));
  const after = order.add('a', async () => undefined);
  await expect(failed).rejects.toThrow('no');
  await after;
  await order.settled();
});
