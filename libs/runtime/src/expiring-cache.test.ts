import { describe, expect, it } from 'vitest';
import { ExpiringCache } from './expiring-cache.js';

function cacheOf(load: (key: string) => Promise<string>, capacity?: number) {
  const now = { at: 0 };
  const cache = new ExpiringCache<string>({ clock: { now: () => now.at }, load, keepMs: (value) => (value === 'none' ? 5 : 30), ...(capacity === undefined ? {} : { capacity }) });
  return { cache, now };
}

describe('ExpiringCache', () => {
  it('loads once for all who ask at the same time, and again when the time is over', async () => {
    let loads = 0;
    const { cache, now } = cacheOf(async () => `value ${(loads += 1)}`);
    expect(await Promise.all([cache.get('a'), cache.get('a')])).toEqual(['value 1', 'value 1']);
    now.at = 29;
    expect(await cache.get('a')).toBe('value 1');
    now.at = 30;
    expect(await cache.get('a')).toBe('value 2');
  });

  it('keeps a value as long as the value says', async () => {
    let loads = 0;
    const { cache, now } = cacheOf(async () => { loads += 1; return 'none'; });
    await cache.get('a');
    now.at = 6;
    await cache.get('a');
    expect(loads).toBe(2);
  });

  it('does not keep a failure', async () => {
    let fails = true;
    const { cache } = cacheOf(async () => { if (fails) throw new Error('away'); return 'here'; });
    await expect(cache.get('a')).rejects.toThrow('away');
    fails = false;
    expect(await cache.get('a')).toBe('here');
  });

  it('does not keep an answer that was under way when the thing changed', async () => {
    const answers: ((value: string) => void)[] = [];
    const { cache } = cacheOf(() => new Promise((resolve) => answers.push(resolve)));
    const early = cache.get('a');
    await expect.poll(() => answers.length).toBe(1);
    cache.forget(() => true);
    const late = cache.get('a');
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.('new');
    expect(await late).toBe('new');
    answers[0]?.('old');
    expect(await early).toBe('old');
    expect(await cache.get('a')).toBe('new');
  });

  it('forgets what matches only', async () => {
    let loads = 0;
    const { cache } = cacheOf(async (key) => { loads += 1; return key; });
    await Promise.all([cache.get('a'), cache.get('b')]);
    cache.forget((value) => value === 'a');
    await Promise.all([cache.get('a'), cache.get('b')]);
    expect(loads).toBe(3);
  });

  it('never holds more than its capacity', async () => {
    let loads = 0;
    const { cache } = cacheOf(async (key) => { loads += 1; return key; }, 2);
    for (const key of ['a', 'b', 'c']) await cache.get(key);
    expect(cache.peek('a')).toBeUndefined();
    expect([cache.peek('b'), cache.peek('c')]).toEqual(['b', 'c']);
    expect(loads).toBe(3);
  });
});
