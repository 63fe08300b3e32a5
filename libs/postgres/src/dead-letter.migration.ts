import type { QueryRunner } from 'typeorm';
import type { MigrationClass } from './migrate.js';
import { sqlName } from './sql-name.js';
import { tenantTable } from './tenant-table.js';

/** The migration that makes `<schema>.dead_letter`, where DeadLetterStore keeps what a service could not handle. */
export function deadLetterMigration(schema: string): MigrationClass {
  sqlName(schema);
  return class DeadLetter1763600000000 {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        CREATE TABLE ${schema}.dead_letter (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          channel text NOT NULL,
          consumer_group text NOT NULL,
          entry_id text NOT NULL,
          message_id text,
          raw bytea NOT NULL,
          reason_code text NOT NULL,
          reason text NOT NULL,
          deliveries integer NOT NULL,
          first_seen_at timestamptz NOT NULL,
          last_seen_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX dead_letter_newest ON ${schema}.dead_letter (tenant_id, last_seen_at DESC, id DESC);
        ${tenantTable(schema, 'dead_letter', ['SELECT', 'INSERT', 'UPDATE'])}`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`DROP TABLE ${schema}.dead_letter`);
    }
  };
}
