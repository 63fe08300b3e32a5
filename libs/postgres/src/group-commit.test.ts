import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

interface Commit {
  readonly items: readonly string[];
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

/** A group whose commits the test finishes by hand; each item is its own key, up to a colon. */
function manualGroup(fullAt?: number): { group: GroupCommit<string, string>; commits: Commit[] } {
  const commits: Commit[] = [];
  const group = new GroupCommit<string, string>({
    keysOf: (item) => [item.split(':')[0] ?? ''],
    ...(fullAt !== undefined && { fullAt }),
    commit: (items) => new Promise((resolve, reject) => commits.push({ items, finish: () => resolve(items.map((item) => `${item}!`)), fail: reject })),
  });
  return { group, commits };
}

const items = (commits: readonly Commit[]) => commits.map((commit) => commit.items);

describe('GroupCommit', () => {
  it('lets what arrives during two commits go together in the next', async () => {
    const { group, commits } = manualGroup();
    const answers = [group.submit('a')];
    await expect.poll(() => commits.length).toBe(1);
    answers.push(group.submit('b'), group.submit('c'));
    await expect.poll(() => commits.length).toBe(2);
    answers.push(group.submit('d'), group.submit('e'), group.submit('f'));
    commits[0]?.finish();
    await expect.poll(() => items(commits)).toEqual([['a'], ['b', 'c'], ['d', 'e', 'f']]);
    commits.forEach((commit) => commit.finish());
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
  });

  it('keeps two items with one key apart, and leaves nobody behind', async () => {
    const { group, commits } = manualGroup();
    const answers = [group.submit('x:1'), group.submit('x:2'), group.submit('y')];
    await expect.poll(() => items(commits)).toEqual([['x:1', 'y'], ['x:2']]);
    commits.forEach((commit) => commit.finish());
    expect(await Promise.all(answers)).toEqual(['x:1!', 'x:2!', 'y!']);
  });

  it('fills a batch only so far', async () => {
    const { group, commits } = manualGroup(2);
    const answers = ['a', 'b', 'c', 'd', 'e'].map((item) => group.submit(item));
    await expect.poll(() => items(commits)).toEqual([['a', 'b'], ['c', 'd']]);
    commits.forEach((commit) => commit.finish());
    await expect.poll(() => commits.length).toBe(3);
    commits[2]?.finish();
    expect(await Promise.all(answers)).toHaveLength(5);
  });

  it('fails only the item that is bad', async () => {
    const group = new GroupCommit<string, string>({
      keysOf: (item) => [item],
      commit: async (batch) => {
        if (batch.includes('bad')) throw new AppError('internal', 'no');
        return batch;
      },
    });
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((item) => group.submit(item)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tries a conflict again, and hands on what may pass later without trying each item', async () => {
    let conflicts = 2;
    let calls = 0;
    const group = new GroupCommit<string, string>({
      keysOf: (item) => [item],
      commit: async (batch) => {
        calls++;
        if (conflicts-- > 0) throw new AppError('database_conflict', 'again', { isRetryable: true });
        if (batch.includes('late')) throw new AppError('database_unavailable', 'later', { isRetryable: true });
        return batch;
      },
    });
    expect(await group.submit('a')).toBe('a');
    expect(calls).toBe(3);
    const outcomes = await Promise.allSettled(['late', 'b'].map((item) => group.submit(item)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    expect(calls).toBe(4);
  });
});
