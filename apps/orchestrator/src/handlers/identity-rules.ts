import { identityDefaults, identitySettingSchemas, type TenantSettings } from '@nexus/contracts';
import type { Logger, TenantSettingsCache } from '@nexus/runtime';

/** Whom a tenant's surfaces serve. */
export interface IdentityRule {
  /** Those that serve only people who are known. */
  readonly surfaces: ReadonlySet<string>;
  readonly messagesPerMinute: number;
}

const keys = { surfaces: 'identity.surfaces', messagesPerMinute: 'identity.messages_per_minute' } as const;

/** Knows the identity rules of each tenant; settings are those of the cache, so that a message costs no call. */
export class IdentityRules {
  private readonly read = new WeakMap<TenantSettings, IdentityRule>();

  constructor(
    private readonly settings: Pick<TenantSettingsCache, 'get'>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Where a tenant has set nothing, or nothing that can be understood, the defaults hold: they let nobody in. */
  async of(tenantId: string): Promise<IdentityRule> {
    const settings = await this.settings.get(tenantId);
    let rule = this.read.get(settings);
    if (rule === undefined) {
      rule = {
        surfaces: new Set(this.valueOf(settings, tenantId, keys.surfaces) ?? identityDefaults.surfaces),
        messagesPerMinute: this.valueOf(settings, tenantId, keys.messagesPerMinute) ?? identityDefaults.messagesPerMinute,
      };
      this.read.set(settings, rule);
    }
    return rule;
  }

  private valueOf<K extends keyof typeof identitySettingSchemas>({ config }: TenantSettings, tenant: string, key: K): ReturnType<(typeof identitySettingSchemas)[K]['parse']> | undefined {
    const text = config[key];
    try {
      return text === undefined ? undefined : (identitySettingSchemas[key].parse(JSON.parse(text)) as ReturnType<(typeof identitySettingSchemas)[K]['parse']>);
    } catch (error) {
      this.logger.warn({ tenant, key, error }, 'what a tenant has set cannot be understood: the default holds');
      return undefined;
    }
  }
}
