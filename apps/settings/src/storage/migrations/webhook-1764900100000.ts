import { expiringRows, finderFunction, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhooks, and the events on their way to them. */
export class Webhook1764900100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE settings.webhook (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        id uuid NOT NULL,
        name text NOT NULL,
        url text NOT NULL,
        types text[] NOT NULL,
        -- The key of its signatures: who sends must have it, so a hash would not do.
        secret bytea NOT NULL CHECK (octet_length(secret) = 32),
        is_enabled boolean NOT NULL,
        disabled_reason text NOT NULL,
        created_at timestamptz NOT NULL,
        -- Of the first try after which none has succeeded.
        failing_since timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
      );
      CREATE TABLE settings.webhook_delivery (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        webhook_id uuid NOT NULL,
        event_id text NOT NULL,
        type text NOT NULL,
        -- What is sent: the same bytes each time.
        body text NOT NULL,
        -- DeliveryState: 1 pending, 2 delivered, 3 failed.
        state smallint NOT NULL,
        -- Since it was made or replayed.
        tries integer NOT NULL,
        last_status integer NOT NULL,
        last_error text NOT NULL,
        created_at timestamptz NOT NULL,
        -- While somebody tries it: when their lease ends.
        next_try_at timestamptz,
        -- Who tries it now.
        holder uuid,
        finished_at timestamptz,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, webhook_id, event_id),
        FOREIGN KEY (tenant_id, webhook_id) REFERENCES settings.webhook (tenant_id, id) ON DELETE CASCADE
      );
      CREATE INDEX webhook_delivery_due ON settings.webhook_delivery (tenant_id, webhook_id, next_try_at) WHERE state = 1;
      CREATE INDEX webhook_delivery_newest ON settings.webhook_delivery (tenant_id, created_at DESC, id DESC);`);
    await runner.query(tenantTable('settings', 'webhook', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'webhook_delivery', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(expiringRows('settings', 'webhook_delivery'));
    await runner.query(
      finderFunction({
        schema: 'settings',
        name: 'due_webhooks',
        parameters: 'p_now timestamptz, p_limit integer',
        table: 'webhook_delivery',
        columns: ['webhook_id', 'state', 'next_try_at'],
        // Each step looks up the next webhook by the index: its cost is in the number of webhooks that something waits for, not of what waits.
        query: `
          WITH RECURSIVE found AS (
            (SELECT d.tenant_id, d.webhook_id, d.next_try_at FROM settings.webhook_delivery d WHERE d.state = 1 ORDER BY d.tenant_id, d.webhook_id, d.next_try_at LIMIT 1)
            UNION ALL
            SELECT next.tenant_id, next.webhook_id, next.next_try_at FROM found CROSS JOIN LATERAL (
              SELECT d.tenant_id, d.webhook_id, d.next_try_at FROM settings.webhook_delivery d
               WHERE d.state = 1 AND (d.tenant_id, d.webhook_id) > (found.tenant_id, found.webhook_id)
               ORDER BY d.tenant_id, d.webhook_id, d.next_try_at LIMIT 1
            ) AS next)
          SELECT found.tenant_id, found.webhook_id FROM found WHERE found.next_try_at <= p_now ORDER BY found.next_try_at LIMIT p_limit`,
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION settings.due_webhooks(timestamptz, integer); DROP FUNCTION settings.expired_webhook_delivery(integer)');
    await runner.query('DROP TABLE settings.webhook_delivery, settings.webhook');
  }
}
