import { Inject, Injectable } from '@nestjs/common';
import type { Database, Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { NewKey } from '../domain/new-key.js';

/** A key as it is stored: everything but its secret. */
export interface StoredKey extends NewKey {
  readonly id: string;
  readonly prefix: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

const COLUMNS = `id, name, kind, prefix, client, project, surfaces, is_admin AS "isAdmin", created_at AS "createdAt", revoked_at AS "revokedAt"`;

@Injectable()
export class KeyRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The valid key with this hash, of whatever tenant. */
  async find(hash: Uint8Array): Promise<{ readonly tenantId: string; readonly key: StoredKey } | undefined> {
    const places = await this.database.query<{ tenant_id: string; id: string }>('key_find', 'SELECT tenant_id, id FROM settings.find_key($1)', [Buffer.from(hash)]);
    const [place] = places;
    // The same secret in two tenants tells neither of them.
    if (place === undefined || places.length > 1) return undefined;
    const key = await this.database.withTenant(place.tenant_id, (tx) => this.get(tx, place.id));
    return key === undefined || key.revokedAt !== null ? undefined : { tenantId: place.tenant_id, key };
  }

  async get(tx: Tx, id: string): Promise<StoredKey | undefined> {
    const [key] = await tx.query<StoredKey>('key_get', `SELECT ${COLUMNS} FROM settings.api_key WHERE id = $1`, [id]);
    return key;
  }

  /** The newest first. */
  list(tx: Tx): Promise<StoredKey[]> {
    return tx.query<StoredKey>('key_list', `SELECT ${COLUMNS} FROM settings.api_key ORDER BY created_at DESC, id DESC LIMIT 1000`);
  }

  /** False when there is a key with this id. */
  async insert(tx: Tx, tenantId: string, key: StoredKey, hash: Uint8Array): Promise<boolean> {
    const inserted = await tx.query(
      'key_insert',
      `INSERT INTO settings.api_key (tenant_id, id, hash, prefix, name, kind, client, project, surfaces, is_admin, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id`,
      [tenantId, key.id, Buffer.from(hash), key.prefix, key.name, key.kind, key.client, key.project, key.surfaces, key.isAdmin, key.createdAt],
    );
    return inserted.length > 0;
  }

  /** Makes the key, or gives it this secret and makes it valid again. Answers false when it was so already. */
  async upsert(tx: Tx, tenantId: string, key: StoredKey, hash: Uint8Array): Promise<boolean> {
    const changed = await tx.query(
      'key_upsert',
      `INSERT INTO settings.api_key AS stored (tenant_id, id, hash, prefix, name, kind, client, project, surfaces, is_admin, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       ON CONFLICT (tenant_id, id) DO UPDATE SET hash = excluded.hash, prefix = excluded.prefix, revoked_at = NULL
         WHERE stored.hash <> excluded.hash OR stored.revoked_at IS NOT NULL
       RETURNING id`,
      [tenantId, key.id, Buffer.from(hash), key.prefix, key.name, key.kind, key.client, key.project, key.surfaces, key.isAdmin, key.createdAt],
    );
    return changed.length > 0;
  }

  /** How many valid admin keys there are; none of them can be revoked by another transaction until this one ends. */
  async countAdminsForUpdate(tx: Tx): Promise<number> {
    const rows = await tx.query('key_admins', 'SELECT id FROM settings.api_key WHERE is_admin AND revoked_at IS NULL ORDER BY id FOR UPDATE');
    return rows.length;
  }

  async revoke(tx: Tx, id: string, at: Date): Promise<void> {
    await tx.query('key_revoke', 'UPDATE settings.api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [id, at]);
  }
}
