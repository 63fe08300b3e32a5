import type { SettingsChanged, TenantSettings } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import { ExpiringCache } from '../expiring-cache.js';
import { asTenant } from '../rpc/call-options.js';
import type { ServiceClients } from '../rpc/service-clients.js';

const KEEP_MS = 30_000;

/** What settings says of each tenant, at most 30 s old; settings.changed drops it at once. */
export class TenantSettingsCache {
  private readonly cache: ExpiringCache<TenantSettings>;

  constructor(clients: Pick<ServiceClients, 'directory'>, clock: Clock) {
    this.cache = new ExpiringCache({
      clock,
      load: (tenantId) => clients.directory.getTenantSettings({}, asTenant(tenantId)),
      keepMs: () => KEEP_MS,
    });
  }

  get(tenantId: string): Promise<TenantSettings> {
    return this.cache.get(tenantId);
  }

  /** To be called for each settings.changed. */
  onSettingsChanged(change: SettingsChanged): void {
    this.cache.forget((_settings, tenantId) => change.tenantId === '' || change.tenantId === tenantId);
  }
}
