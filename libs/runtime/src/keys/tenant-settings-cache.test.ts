import { createClient, createRouterTransport } from '@connectrpc/connect';
import { DirectoryService } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { TenantSettingsCache } from './tenant-settings-cache.js';

function cacheOver(answer: () => { wantedEvents: string[] } | Promise<{ wantedEvents: string[] }>) {
  let asked = 0;
  const directory = createClient(DirectoryService, createRouterTransport((router) => router.service(DirectoryService, {
    getTenantSettings: () => {
      asked++;
      return answer();
    },
  })));
  return { cache: new TenantSettingsCache({ directory }, { now: () => 0 }), asked: () => asked };
}

describe('wants', () => {
  it('knows what webhooks want, and asks once for many', async () => {
    const { cache, asked } = cacheOver(() => ({ wantedEvents: ['run.finished'] }));
    const tenant = newId();
    expect(await Promise.all([cache.wants(tenant, 'run.finished'), cache.wants(tenant, 'budget.reached')])).toEqual([true, false]);
    expect(await cache.wants(tenant, 'provider.limited')).toBe(false);
    expect(asked()).toBe(1);
  });

  it('says yes when settings fail, or do not answer in time: an event too few would be lost', async () => {
    const failing = cacheOver(() => {
      throw new Error('away');
    });
    expect(await failing.cache.wants(newId(), 'run.finished')).toBe(true);
    const silent = cacheOver(() => new Promise(() => {}));
    const began = performance.now();
    expect(await silent.cache.wants(newId(), 'run.finished')).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
