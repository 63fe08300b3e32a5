import { finderFunction, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tenants, keys, configuration, what is switched off, and the audit. */
export class Settings1763610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE settings.tenant (
        tenant_id uuid PRIMARY KEY,
        name text NOT NULL,
        created_at timestamptz NOT NULL
      );
      CREATE TABLE settings.api_key (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        id uuid NOT NULL,
        -- SHA-256 of the secret, which is stored nowhere.
        hash bytea NOT NULL CHECK (octet_length(hash) = 32),
        prefix text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('api', 'surface')),
        client text NOT NULL,
        project text NOT NULL,
        surfaces text[] NOT NULL,
        is_admin boolean NOT NULL,
        created_at timestamptz NOT NULL,
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, hash)
      );
      CREATE INDEX api_key_hash ON settings.api_key (hash);
      CREATE TABLE settings.config (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        key text NOT NULL,
        -- json and not jsonb: the text comes back as it was written.
        value json NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, key)
      );
      CREATE TABLE settings.provider_state (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        name text NOT NULL,
        is_enabled boolean NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, name)
      );
      CREATE TABLE settings.tool_state (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        name text NOT NULL,
        is_enabled boolean NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, name)
      );
      -- No reference to tenant: what services report is kept even of a tenant that is not known here.
      CREATE TABLE settings.audit (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        before text NOT NULL,
        after text NOT NULL,
        risk smallint NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      CREATE INDEX audit_newest ON settings.audit (tenant_id, at DESC);`);
    await runner.query(tenantTable('settings', 'tenant', ['SELECT', 'INSERT']));
    await runner.query(tenantTable('settings', 'api_key', ['SELECT', 'INSERT', 'UPDATE']));
    await runner.query(tenantTable('settings', 'config', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'provider_state', ['SELECT', 'INSERT', 'UPDATE']));
    await runner.query(tenantTable('settings', 'tool_state', ['SELECT', 'INSERT', 'UPDATE']));
    await runner.query(tenantTable('settings', 'audit', ['SELECT', 'INSERT']));
    await runner.query(
      finderFunction({
        schema: 'settings',
        name: 'find_key',
        parameters: 'p_hash bytea',
        table: 'api_key',
        columns: ['hash', 'revoked_at'],
        query: 'SELECT k.tenant_id, k.id FROM settings.api_key k WHERE k.hash = p_hash AND k.revoked_at IS NULL',
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION settings.find_key(bytea)');
    await runner.query('DROP TABLE settings.audit, settings.tool_state, settings.provider_state, settings.config, settings.api_key, settings.tenant');
  }
}
