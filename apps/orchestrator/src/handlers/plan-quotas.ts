import type { TenantSettings } from '@nexus/contracts';
import type { Logger, TenantSettingsCache } from '@nexus/runtime';
import { runQuotaOf, type RunQuota } from '../domain/run-quota.js';

const PLAN_KEY = 'plan';

/** Knows how many runs a month each tenant's plan has; settings are those of the cache, so that a message costs no call. */
export class PlanQuotas {
  private readonly read = new WeakMap<TenantSettings, { readonly quota: RunQuota | undefined }>();

  constructor(
    private readonly settings: Pick<TenantSettingsCache, 'get'>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Undefined for a tenant without a plan, or with one that cannot be understood. */
  async of(tenantId: string): Promise<RunQuota | undefined> {
    const settings = await this.settings.get(tenantId);
    let known = this.read.get(settings);
    if (known === undefined) {
      known = { quota: this.quotaFrom(settings, tenantId) };
      this.read.set(settings, known);
    }
    return known.quota;
  }

  private quotaFrom({ config }: TenantSettings, tenant: string): RunQuota | undefined {
    const text = config[PLAN_KEY];
    try {
      return text === undefined ? undefined : runQuotaOf(JSON.parse(text));
    } catch (error) {
      this.logger.warn({ tenant, error }, 'the plan of a tenant cannot be understood: its runs are not counted');
      return undefined;
    }
  }
}
