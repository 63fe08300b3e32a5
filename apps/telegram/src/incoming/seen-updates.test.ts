import { describe, expect, it } from 'vitest';
import { SeenUpdates } from './seen-updates.js';

describe('updates that were seen', () => {
  it('confirms only what all before it are safe', async () => {
    const seen = new SeenUpdates();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    expect(seen.offset).toBeUndefined();
    const taken = [seen.take(7, () => first.promise), seen.take(8, () => second.promise)];
    second.resolve();
    await taken[1];
    expect(seen.offset).toBe(7);
    first.resolve();
    await taken[0];
    expect(seen.offset).toBe(9);
  });

  it('works once for an update that comes again, also while it is under way', async () => {
    const seen = new SeenUpdates();
    let works = 0;
    const work = async (): Promise<void> => void works++;
    await Promise.all([seen.take(7, work), seen.take(7, work)]);
    await seen.take(7, work);
    expect(works).toBe(1);
  });

  it('takes an update anew that was not safe', async () => {
    const seen = new SeenUpdates();
    await expect(seen.take(7, () => Promise.reject(new Error('not safe')))).rejects.toThrow();
    expect(seen.isAllSafe).toBe(true);
    let works = 0;
    await seen.take(7, async () => void works++);
    expect(works).toBe(1);
    expect(seen.offset).toBe(8);
  });
});
