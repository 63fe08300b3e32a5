import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import { KeyRepository, type StoredKey } from '../storage/key.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

@Injectable()
export class RevokeKeyHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly keys: KeyRepository,
  ) {}

  /** The key as it is now; one that was revoked before stays as it is. The last admin key of a tenant cannot be revoked. */
  async handle(actor: Actor, id: string): Promise<StoredKey> {
    if (!isUuid(id)) throw notFound();
    return this.changes.make(actor, async (tx, at) => {
      const adminCount = await this.keys.countAdminsForUpdate(tx);
      const key = await this.keys.get(tx, id);
      if (key === undefined) throw notFound();
      if (key.revokedAt !== null) return { result: key };
      if (key.isAdmin && adminCount <= 1) {
        throw new AppError('last_admin_key', 'This is the last admin key of the tenant; create another one first.', { status: 409, param: 'id' });
      }
      await this.keys.revoke(tx, id, at);
      return {
        result: { ...key, revokedAt: at },
        done: {
          action: 'key.revoked', subject: id, before: { name: key.name, prefix: key.prefix }, after: { revokedAt: at.toISOString() },
          risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.KEY, name: id,
        },
      };
    });
  }
}

function notFound(): AppError {
  return new AppError('key_not_found', 'This tenant has no such key.', { status: 404, param: 'id' });
}
