import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { hashOf } from '@nexus/runtime';
import { SECRET_BYTES, secretFrom, shownPrefix } from '../domain/key-secret.js';
import type { NewKey } from '../domain/new-key.js';
import { KeyRepository, type StoredKey } from '../storage/key.repository.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

@Injectable()
export class CreateKeyHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly keys: KeyRepository,
    private readonly tenants: TenantRepository,
  ) {}

  /** The key and its secret, which cannot be read again. */
  handle(actor: Actor, wish: NewKey): Promise<{ readonly key: StoredKey; readonly secret: string }> {
    return this.changes.make(actor, async (tx, at) => {
      await this.tenants.requireKnown(tx);
      const secret = secretFrom(randomBytes(SECRET_BYTES));
      const key: StoredKey = { ...wish, id: newId(), prefix: shownPrefix(secret), createdAt: at, revokedAt: null };
      await this.keys.insert(tx, actor.tenantId, key, hashOf(secret));
      const after = { ...wish, prefix: key.prefix };
      return {
        result: { key, secret },
        done: { action: 'key.created', subject: key.id, before: null, after, risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.KEY, name: key.id },
      };
    });
  }
}
