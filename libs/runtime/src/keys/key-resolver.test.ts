import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { DirectoryService, SettingsChangedSchema, SettingsChanged_Kind } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { KeyResolver, hashOf } from './key-resolver.js';

const TENANT = '0190d8a0-0000-7000-8000-00000000000a';

function resolverKnowing(secret: string): { keys: KeyResolver; now: { at: number } } {
  const transport = createRouterTransport((router) => {
    router.service(DirectoryService, {
      resolveKey: ({ hash }) => (hashOf(secret).equals(hash) ? { tenantId: TENANT, key: { id: 'key-1' } } : {}),
      getTenantSettings: () => ({}),
    });
  });
  const now = { at: 1_000 };
  return { keys: new KeyResolver({ directory: createClient(DirectoryService, transport) }, { now: () => now.at }), now };
}

describe('KeyResolver.peek', () => {
  it('knows nothing of a secret until it was resolved, then gives the key at once', async () => {
    const { keys } = resolverKnowing('good');
    expect(keys.peek('good')).toBeUndefined();
    await keys.resolve('good');
    expect(keys.peek('good')).toMatchObject({ tenantId: TENANT, key: { id: 'key-1' } });
  });

  it('never gives a key for a secret that is not known', async () => {
    const { keys } = resolverKnowing('good');
    expect(await keys.resolve('bad')).toBeUndefined();
    expect(keys.peek('bad')).toBeUndefined();
  });

  it('forgets a key when settings say that it changed, and when its time is over', async () => {
    const { keys, now } = resolverKnowing('good');
    await keys.resolve('good');
    keys.onSettingsChanged(create(SettingsChangedSchema, { kind: SettingsChanged_Kind.KEY, tenantId: TENANT }));
    expect(keys.peek('good')).toBeUndefined();
    await keys.resolve('good');
    now.at += 30_000;
    expect(keys.peek('good')).toBeUndefined();
  });
});
