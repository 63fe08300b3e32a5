import { expect, it } from 'vitest';
import { Teardown } from './teardown.js';

it('ends what was started in the reverse order, once, and all of it even when a step fails', async () => {
  const ended: string[] = [];
  const teardown = new Teardown();
  teardown.add(async (graceMs) => ended.push(`first ${graceMs}`));
  teardown.add(() => Promise.reject(new Error('stuck')));
  teardown.add(async () => ended.push('last'));
  await expect(teardown.run(7)).rejects.toThrow('stuck');
  expect(ended).toEqual(['last', 'first 7']);
  await teardown.run(7);
  expect(ended).toHaveLength(2);
});
