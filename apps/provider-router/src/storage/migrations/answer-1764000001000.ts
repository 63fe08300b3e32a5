import { expiringRows, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The answers to completions that were asked for under an idempotency key. */
export class Answer1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE router.answer (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        request_hash text NOT NULL,
        tries integer NOT NULL DEFAULT 0,
        asker text,
        response bytea,
        events bytea,
        record bytea,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      ${tenantTable('router', 'answer', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
      ${expiringRows('router', 'answer')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION router.expired_answer(integer); DROP TABLE router.answer');
  }
}
