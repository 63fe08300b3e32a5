import { expiringRows, tenantTable } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';

/** Items of responses that clients may refer to instead of sending them. */
export class KeptResponse1764700000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orchestrator.kept_response (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        items text[] NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON COLUMN orchestrator.kept_response.items IS 'the items of its output, each as JSON';
      ${tenantTable('orchestrator', 'kept_response', ['SELECT', 'INSERT', 'DELETE'])}
      ${expiringRows('orchestrator', 'kept_response')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION orchestrator.expired_kept_response(integer); DROP TABLE orchestrator.kept_response;');
  }
}
