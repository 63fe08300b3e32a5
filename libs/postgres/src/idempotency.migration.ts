import type { QueryRunner } from 'typeorm';
import { expiringRows } from './expiring-rows.js';
import type { MigrationClass } from './migrate.js';
import { sqlName } from './sql-name.js';
import { tenantTable } from './tenant-table.js';

/** The migration that makes `<schema>.idempotency_key`, where IdempotencyStore keeps the answers to calls that carried a key. */
export function idempotencyMigration(schema: string): MigrationClass {
  sqlName(schema);
  return class Idempotency1764000000000 {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        CREATE TABLE ${schema}.idempotency_key (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          method text NOT NULL,
          request_hash bytea NOT NULL,
          seed bytea NOT NULL,
          holder uuid,
          held_until timestamptz NOT NULL,
          response bytea,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id)
        );
        ${tenantTable(schema, 'idempotency_key', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
        ${expiringRows(schema, 'idempotency_key')}`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`DROP FUNCTION ${schema}.expired_idempotency_key(integer); DROP TABLE ${schema}.idempotency_key`);
    }
  };
}
