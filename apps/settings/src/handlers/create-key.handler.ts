import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import { hashOf } from '@nexus/runtime';
import { secretFrom, shownPrefix } from '../domain/key-secret.js';
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

  /** The key and its secret, which cannot be read again. Made of 32 bytes of chance: the same bytes make the same key, once. */
  handle(actor: Actor, wish: NewKey, chance: Uint8Array): Promise<{ readonly key: StoredKey; readonly secret: string }> {
    return this.changes.make(actor, async (tx, at) => {
      await this.tenants.requireKnown(tx);
      const secret = secretFrom(chance);
      const hash = hashOf(secret);
      const key: StoredKey = { ...wish, id: deterministicId(actor.tenantId, 'api key', hash.toString('hex')), prefix: shownPrefix(secret), createdAt: at, revokedAt: null };
      const isNew = await this.keys.insert(tx, actor.tenantId, key, hash);
      if (!isNew) return { result: { key: (await this.keys.get(tx, key.id)) ?? key, secret } };
      const after = { ...wish, prefix: key.prefix };
      return {
        result: { key, secret },
        done: { action: 'key.created', subject: key.id, before: null, after, risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.KEY, name: key.id },
      };
    });
  }
}
