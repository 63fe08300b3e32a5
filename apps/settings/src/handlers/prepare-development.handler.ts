import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID, deterministicId, newId } from '@nexus/core';
import { LOGGER, hashOf, type Logger } from '@nexus/runtime';
import { SETTINGS_CONFIG } from '../tokens.js';
import type { SettingsConfig } from '../config.js';
import { shownPrefix } from '../domain/key-secret.js';
import { KeyRepository, type StoredKey } from '../storage/key.repository.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { TenantChanges } from './tenant-changes.js';

const KEY_ID = deterministicId(DEVELOPMENT_TENANT_ID, 'development key');

/** With NEXUS_DEV_API_KEY set: once the service has started, the development tenant has an admin key with that secret, and no other by that id. */
@Injectable()
export class PrepareDevelopmentHandler implements OnApplicationBootstrap {
  constructor(
    @Inject(SETTINGS_CONFIG) private readonly config: SettingsConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly changes: TenantChanges,
    private readonly tenants: TenantRepository,
    private readonly keys: KeyRepository,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const secret = this.config.developmentSecret;
    if (secret === undefined) return;
    const actor = { tenantId: DEVELOPMENT_TENANT_ID, name: 'system', requestId: newId(), trace: undefined };
    const isChanged = await this.changes.make(actor, async (tx, at) => {
      await this.tenants.insert(tx, DEVELOPMENT_TENANT_ID, 'development', at);
      const changed = await this.keys.upsert(tx, DEVELOPMENT_TENANT_ID, developmentKey(secret, at), hashOf(secret));
      if (!changed) return { result: false };
      return {
        result: true,
        done: {
          action: 'key.set', subject: KEY_ID, before: null, after: { name: 'development', prefix: shownPrefix(secret) },
          risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.KEY, name: KEY_ID,
        },
      };
    });
    if (isChanged) this.logger.info({ tenant: DEVELOPMENT_TENANT_ID, key_id: KEY_ID }, 'development key set');
  }
}

function developmentKey(secret: string, at: Date): StoredKey {
  return {
    id: KEY_ID, prefix: shownPrefix(secret), name: 'development', kind: 'api', client: '', project: '', surfaces: [], isAdmin: true,
    createdAt: at, revokedAt: null,
  };
}
