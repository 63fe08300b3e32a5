import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import { ConfigRepository, type ConfigValues } from '../storage/config.repository.js';
import { KeyRepository, type StoredKey } from '../storage/key.repository.js';
import { SwitchRepository, type Switchable } from '../storage/switch.repository.js';
import { WebhookRepository } from '../storage/webhook.repository.js';

/** All that other services keep in memory of a tenant. */
export interface KnownSettings {
  readonly config: ConfigValues;
  readonly disabledTools: readonly string[];
  readonly disabledProviders: readonly string[];
  readonly wantedEvents: readonly string[];
}

@Injectable()
export class ReadSettingsHandler {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly configs: ConfigRepository,
    private readonly keys: KeyRepository,
    private readonly switches: SwitchRepository,
    private readonly webhooks: WebhookRepository,
  ) {}

  /** A tenant that is not known has no settings: everything is on, nothing is configured. */
  all(tenantId: string): Promise<KnownSettings> {
    return this.database.withTenant(tenantId, async (tx) => {
      const [config, disabledTools, disabledProviders, wantedEvents] = await Promise.all([
        this.configs.list(tx, ''),
        this.switches.listDisabled(tx, 'tool'),
        this.switches.listDisabled(tx, 'provider'),
        this.webhooks.wantedTypes(tx),
      ]);
      return { config, disabledTools, disabledProviders, wantedEvents };
    });
  }

  config(tenantId: string, prefix: string): Promise<ConfigValues> {
    return this.database.withTenant(tenantId, (tx) => this.configs.list(tx, prefix));
  }

  keysOf(tenantId: string): Promise<StoredKey[]> {
    return this.database.withTenant(tenantId, (tx) => this.keys.list(tx));
  }

  async disabled(tenantId: string, what: Switchable): Promise<ReadonlySet<string>> {
    return new Set(await this.database.withTenant(tenantId, (tx) => this.switches.listDisabled(tx, what)));
  }
}
