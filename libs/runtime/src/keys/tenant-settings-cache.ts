import type { EventType, SettingsChanged, TenantSettings } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import { ExpiringCache } from '../expiring-cache.js';
import { asTenant } from '../rpc/call-options.js';
import type { ServiceClients } from '../rpc/service-clients.js';

const KEEP_MS = 30_000;
/** What waits for this is an answer, or an alert: it must not wait for settings for long. */
const ASK_WITHIN_MS = 500;

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

  /**
   * Whether a webhook of the tenant wants events of this type. True as well when settings do not say within half a second: an event too many goes
   * to nobody, one too few is lost. Never rejects.
   */
  async wants(tenantId: string, type: EventType): Promise<boolean> {
    const known = this.cache.peek(tenantId);
    if (known !== undefined) return known.wantedEvents.includes(type);
    let timer: NodeJS.Timeout | undefined;
    const nobodySays = new Promise<true>((resolve) => (timer = setTimeout(resolve, ASK_WITHIN_MS, true as const)));
    const asked = this.cache.get(tenantId).then(({ wantedEvents }) => wantedEvents.includes(type), () => true);
    return Promise.race([asked, nobodySays]).finally(() => clearTimeout(timer));
  }

  /** To be called for each settings.changed. */
  onSettingsChanged(change: SettingsChanged): void {
    this.cache.forget((_settings, tenantId) => change.tenantId === '' || change.tenantId === tenantId);
  }
}
