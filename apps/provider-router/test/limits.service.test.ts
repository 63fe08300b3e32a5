import type { Database } from '@nexus/postgres';
import { newId } from '@nexus/core';
import { createLogger, openDatabase } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderLimits } from '../src/handlers/provider-limits.js';
import { providerRouterService } from '../src/provider-router.module.js';
import { BucketStore } from '../src/storage/bucket.store.js';
import { SERVICE_TOKEN } from './router-test.js';

const postgres = postgresTest();
const logger = createLogger({ level: 'silent' });
let database: Database;
let store: BucketStore;
let name: string;
let now: number;

beforeAll(async () => {
  database = (await openDatabase(providerRouterService, { databaseUrl: postgres.url, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, logger)) as Database;
  store = new BucketStore(database);
});
afterAll(() => database?.close());
beforeEach(() => {
  name = `p${newId()}`;
  now = Date.now();
});

const lease = (need: number, want = need) => store.lease({ id: name, perSecond: 0.001, capacity: 10, need, want });
const limits = (of: Partial<{ requestsPerMinute: number; tokensPerMinute: number }>) => {
  const provider = { name, limits: { requestsPerMinute: undefined, tokensPerMinute: undefined, ...of } };
  const one = new ProviderLimits({ store, clock: { now: () => now }, logger });
  return { provider, one };
};

describe('a bucket', () => {
  it('gives what is wanted while that is there, then what is there, then says how long it takes', async () => {
    expect(await lease(1, 6)).toEqual({ granted: 6, waitMs: 0 });
    expect(await lease(1, 6)).toEqual({ granted: 4, waitMs: 0 });
    const { granted, waitMs } = await lease(1, 6);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(990_000);
    expect(waitMs).toBeLessThanOrEqual(1_000_000);
  });

  it('meets a need beyond what it holds when it is full, and is in debt then', async () => {
    expect(await lease(25)).toEqual({ granted: 25, waitMs: 0 });
    const { granted, waitMs } = await lease(1);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(15_000_000);
  });

  it('gives no more to many at once than to one', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => lease(1)));
    expect(all.reduce((sum, { granted }) => sum + granted, 0)).toBe(10);
  });

  it('fills up again, and no further than it holds', async () => {
    const fast = (need: number) => store.lease({ id: name, perSecond: 1_000, capacity: 10, need, want: need });
    await fast(10);
    await expect.poll(async () => (await fast(10)).granted, { timeout: 5_000 }).toBe(10);
  });
});

describe('the limits of a provider', () => {
  it('ask nobody when there are none', async () => {
    const { provider } = limits({});
    const one = new ProviderLimits({ store: { lease: () => Promise.reject(new Error('asked')) }, clock: { now: () => now }, logger });
    expect(await one.take(provider, 1_000_000)).toBeUndefined();
  });

  it('count tokens, give back what was not used, and owe what was used beyond', async () => {
    const { provider, one } = limits({ tokensPerMinute: 600 }); // a bucket of 100
    expect(await one.take(provider, 60)).toBeUndefined();
    expect(await one.take(provider, 60)).toBeGreaterThan(0);
    now += 60_000;
    one.giveBack(provider, 60);
    expect(await one.take(provider, 60)).toBeUndefined();
    one.used(provider, 160, 60);
    now += 60_000;
    expect(await one.take(provider, 60)).toBeGreaterThan(0);
  });

  it('take no request where the tokens are missing', async () => {
    const { provider, one } = limits({ tokensPerMinute: 60, requestsPerMinute: 60 }); // buckets of 10
    expect(await one.take(provider, 10)).toBeUndefined();
    for (let i = 0; i < 5; i++) expect(await one.take(provider, 5)).toBeGreaterThan(0);
    const requests = limits({ requestsPerMinute: 60 });
    now += 60_000;
    let passed = 0;
    while ((await one.take(requests.provider, 0)) === undefined) passed++;
    expect(passed).toBeGreaterThanOrEqual(9);
  });

  it('let through while the database is away', async () => {
    const { provider } = limits({ requestsPerMinute: 1 });
    const away = new ProviderLimits({ store: { lease: () => Promise.reject(new Error('away')) }, clock: { now: () => now }, logger });
    expect([await away.take(provider, 1), await away.take(provider, 1)]).toEqual([undefined, undefined]);
  });
});
