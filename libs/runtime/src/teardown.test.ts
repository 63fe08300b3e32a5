import { expect, it } from 'vitest';
import { Teardown } from './teardown.js';

it('ends what was started in the reverse order, once, and all of it even when a step fails', async () => {
  const ended: string[] = [];
  const teardown = new Teardown();
  teardown.add(async () => ended.push('first'));
  teardown.add(() => Promise.reject(new Error('stuck')));
  teardown.add(async () => ended.push('last'));
  await expect(teardown.run(7)).rejects.toThrow('stuck');
  expect(ended).toEqual(['last', 'first']);
  await teardown.run(7);
  expect(ended).toHaveLength(2);
});

it('gives each step what those before it have left of the grace period', async () => {
  const given: number[] = [];
  const teardown = new Teardown();
  teardown.add(async (graceMs) => given.push(graceMs));
  teardown.add((graceMs) => {
    given.push(graceMs);
    for (const until = performance.now() + 20; performance.now() < until; );
    return Promise.resolve();
  });
  await teardown.run(30);
  expect(given[0]).toBeGreaterThan(29);
  expect(given[1]).toBeLessThanOrEqual(10);
  expect(given[1]).toBeGreaterThanOrEqual(0);
});
