import { Injectable } from '@nestjs/common';
import { eventTypes } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Tx } from '@nexus/postgres';
import type { NewWebhook } from '../domain/new-webhook.js';

/** A webhook as it is stored: everything but its secret, which only deliveries are given. */
export interface StoredWebhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly isEnabled: boolean;
  readonly disabledReason: string;
  readonly createdAt: Date;
}

const COLUMNS = `id, name, url, types, is_enabled AS "isEnabled", disabled_reason AS "disabledReason", created_at AS "createdAt"`;

@Injectable()
export class WebhookRepository {
  /** Answers the webhook; undefined when another one has its name. One of this id is there already when the same call came before. */
  async insert(tx: Tx, tenantId: string, id: string, wish: NewWebhook, secret: Uint8Array, at: Date): Promise<{ readonly webhook: StoredWebhook; readonly isNew: boolean } | undefined> {
    const [made] = await tx.query<StoredWebhook>(
      'webhook_insert',
      `INSERT INTO settings.webhook (tenant_id, id, name, url, types, secret, is_enabled, disabled_reason, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, true, '', $7) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
      [tenantId, id, wish.name, wish.url, wish.types, Buffer.from(secret), at],
    );
    if (made !== undefined) return { webhook: made, isNew: true };
    const [known] = await tx.query<StoredWebhook>('webhook_get', `SELECT ${COLUMNS} FROM settings.webhook WHERE id = $1`, [id]);
    return known && { webhook: known, isNew: false };
  }

  /** By name. */
  list(tx: Tx): Promise<StoredWebhook[]> {
    return tx.query<StoredWebhook>('webhook_list', `SELECT ${COLUMNS} FROM settings.webhook ORDER BY name`);
  }

  /** The webhook of this id or name, which nobody else changes until the transaction ends. Throws an AppError `webhook_not_found` (404). */
  async require(tx: Tx, idOrName: string): Promise<StoredWebhook> {
    const [webhook] = idOrName.includes('\0') ? [] : await tx.query<StoredWebhook>('webhook_require', `SELECT ${COLUMNS} FROM settings.webhook WHERE id::text = $1 OR name = $1 ORDER BY id::text = $1 DESC LIMIT 1 FOR NO KEY UPDATE`, [idOrName]);
    if (webhook === undefined) throw new AppError('webhook_not_found', 'This tenant has no such webhook.', { status: 404, param: 'webhook' });
    return webhook;
  }

  /** `reason`: why NEXUS itself switched it off; else empty. */
  async setState(tx: Tx, id: string, isEnabled: boolean, reason: string): Promise<void> {
    await tx.query('webhook_state', 'UPDATE settings.webhook SET is_enabled = $2, disabled_reason = $3, failing_since = NULL WHERE id = $1', [id, isEnabled, reason]);
  }

  /** With all that was on its way to it. */
  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query('webhook_delete', 'DELETE FROM settings.webhook WHERE id = $1', [id]);
  }

  /** The types that some webhook of the tenant wants. */
  async wantedTypes(tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ type: string }>(
      'webhook_wanted',
      `SELECT DISTINCT wanted.type FROM settings.webhook w, unnest(CASE WHEN w.types = '{}' THEN $1::text[] ELSE w.types END) AS wanted (type) WHERE w.is_enabled ORDER BY wanted.type`,
      [eventTypes],
    );
    return rows.map(({ type }) => type);
  }
}
