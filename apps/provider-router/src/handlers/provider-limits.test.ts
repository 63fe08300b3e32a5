import { createLogger } from '@nexus/runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BucketStore } from '../storage/bucket.store.js';
import { ProviderLimits } from './provider-limits.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limitsOf = (lease: BucketStore['lease']) => new ProviderLimits({ store: { lease }, clock: { now: () => Date.now() }, logger: createLogger({ level: 'silent' }) });
const provider = { name: 'p', limits: { requestsPerMinute: undefined, tokensPerMinute: 600 } };

it('lets calls through while the database stands still, and asks it again afterwards', async () => {
  let asked = 0;
  const limits = limitsOf(() => new Promise((resolve) => void setTimeout(() => resolve({ granted: 0, waitMs: 500 }), asked++ === 0 ? 20_000 : 0)));
  const first = limits.take(provider, 50);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await first).toBeUndefined();
  expect(await limits.take(provider, 50)).toBeUndefined();
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(30_000);
  const later = limits.take(provider, 50);
  await vi.advanceTimersByTimeAsync(1);
  expect(await later).toBeGreaterThan(0);
});

it('has no more than a bucket holds after the database was away, whatever was given back meanwhile', async () => {
  let isAway = true;
  const limits = limitsOf(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve({ granted: 0, waitMs: 500 })));
  for (let i = 0; i < 100; i++) expect(await limits.take(provider, 50)).toBeUndefined();
  for (let i = 0; i < 100; i++) limits.used(provider, 0, 50); // they failed
  isAway = false;
  await vi.advanceTimersByTimeAsync(2_000);
  let taken = 0;
  while (taken < 10_000 && (await limits.take(provider, 50)) === undefined) taken += 50;
  expect(taken).toBeLessThanOrEqual(100); // what flows in within ten seconds
});
