import { expiringRows, tenantTable } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';

/** Files that came with messages. Their content is not compressed: most of it is already, and only so can the beginning of a long one be read alone. */
export class StoredFile1764900300000 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orchestrator.stored_file (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        media_type text NOT NULL,
        bytes integer NOT NULL,
        hash bytea NOT NULL,
        content bytea NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      ALTER TABLE orchestrator.stored_file ALTER COLUMN content SET STORAGE EXTERNAL;
      COMMENT ON COLUMN orchestrator.stored_file.media_type IS 'as its bytes say';
      COMMENT ON COLUMN orchestrator.stored_file.hash IS 'SHA-256 of the content';
      CREATE INDEX stored_file_size ON orchestrator.stored_file (tenant_id, expires_at) INCLUDE (bytes);
      ${tenantTable('orchestrator', 'stored_file', ['SELECT', 'INSERT', 'DELETE'])}
      ${expiringRows('orchestrator', 'stored_file')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION orchestrator.expired_stored_file(integer); DROP TABLE orchestrator.stored_file;');
  }
}
