import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { auditable, type ConfigChange } from '../domain/config-change.js';
import { ConfigRepository, type ConfigValues } from '../storage/config.repository.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

@Injectable()
export class UpdateConfigHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly configs: ConfigRepository,
    private readonly tenants: TenantRepository,
  ) {}

  /** The values of the changed keys as they are now; a key that was removed is not among them. */
  handle(actor: Actor, change: ConfigChange): Promise<ConfigValues> {
    const keys = [...change.set.keys(), ...change.remove];
    return this.changes.make(actor, async (tx, at) => {
      await this.tenants.requireKnown(tx);
      const before = await this.configs.getForUpdate(tx, keys);
      const changed = keys.filter((key) => before.get(key) !== change.set.get(key));
      if (changed.length === 0) return { result: change.set };
      await this.configs.apply(tx, actor.tenantId, change, at);
      return {
        result: change.set,
        done: {
          action: 'config.updated',
          subject: changed.join(' '),
          before: shown(changed, before),
          after: shown(changed, change.set),
          risk: AuditRecorded_Risk.MEDIUM,
          kind: SettingsChanged_Kind.CONFIG,
          name: changed.length === 1 ? (changed[0] ?? '') : '',
        },
      };
    });
  }
}

function shown(keys: readonly string[], values: ConfigValues): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, auditable(key, values.get(key))]));
}
