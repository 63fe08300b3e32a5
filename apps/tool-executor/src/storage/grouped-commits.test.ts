import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { GroupedCommits } from './grouped-commits.js';

function recorded(fail: (items: readonly number[]) => Error | undefined = () => undefined) {
  const groups: number[][] = [];
  const gates: (() => void)[] = [];
  const commits = new GroupedCommits<number, string>(async (items) => {
    groups.push([...items]);
    await new Promise<void>((resolve) => gates.push(resolve));
    const error = fail(items);
    if (error) throw error;
    return items.map(String);
  });
  return { commits, groups, gates };
}

it('commits what comes in one turn together, and answers each in its place', async () => {
  const { commits, groups, gates } = recorded();
  const answers = Promise.all([1, 2, 3].map((item) => commits.add(item)));
  await expect.poll(() => gates.length).toBe(1);
  gates[0]?.();
  expect(await answers).toEqual(['1', '2', '3']);
  expect(groups).toEqual([[1, 2, 3]]);
});

it('gathers while two commits are under way', async () => {
  const { commits, groups, gates } = recorded();
  const added: Promise<string>[] = [commits.add(1)];
  await expect.poll(() => gates.length).toBe(1);
  added.push(commits.add(2));
  await expect.poll(() => gates.length).toBe(2);
  added.push(commits.add(3), commits.add(4));
  gates[0]?.();
  await expect.poll(() => gates.length).toBe(3);
  for (const open of gates) open();
  expect(await Promise.all(added)).toEqual(['1', '2', '3', '4']);
  expect(groups).toEqual([[1], [2], [3, 4]]);
});

it('lets one bad item fail alone', async () => {
  const { commits, gates } = recorded((items) => (items.includes(2) ? new Error('bad') : undefined));
  const answers = Promise.allSettled([1, 2, 3].map((item) => commits.add(item)));
  for (let place = 0; place < 4; place++) {
    await expect.poll(() => gates.length).toBe(place + 1);
    gates[place]?.();
  }
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('does not take a group apart when the surroundings are at fault', async () => {
  const { commits, groups, gates } = recorded(() => new AppError('database_unavailable', 'Away.', { isRetryable: true }));
  const answers = Promise.allSettled([1, 2].map((item) => commits.add(item)));
  await expect.poll(() => gates.length).toBe(1);
  gates[0]?.();
  expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(groups).toEqual([[1, 2]]);
});
