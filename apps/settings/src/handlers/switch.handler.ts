import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { SwitchRepository, type Switchable } from '../storage/switch.repository.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

const kinds: Record<Switchable, SettingsChanged_Kind> = { provider: SettingsChanged_Kind.PROVIDER, tool: SettingsChanged_Kind.TOOL };

/** Switches a provider or a tool on or off for a tenant. */
@Injectable()
export class SwitchHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly switches: SwitchRepository,
    private readonly tenants: TenantRepository,
  ) {}

  handle(actor: Actor, what: Switchable, name: string, isEnabled: boolean): Promise<void> {
    return this.changes.make(actor, async (tx, at) => {
      await this.tenants.requireKnown(tx);
      const before = await this.switches.set(tx, actor.tenantId, what, name, isEnabled, at);
      if (before === isEnabled) return { result: undefined };
      return {
        result: undefined,
        done: {
          action: `${what}.${isEnabled ? 'enabled' : 'disabled'}`, subject: name, before: { enabled: before }, after: { enabled: isEnabled },
          risk: AuditRecorded_Risk.MEDIUM, kind: kinds[what], name,
        },
      };
    });
  }
}
