import { expiringRows, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers that are given again to the very same request, for as long as their tenant wants. */
export class Cache1764000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE router.cache (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        -- provider/model that answered.
        model text NOT NULL,
        -- What was said, in no wire's own form; null for embeddings.
        answer text,
        -- Embeddings as they came.
        body bytea,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      ${tenantTable('router', 'cache', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
      ${expiringRows('router', 'cache')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION router.expired_cache(integer); DROP TABLE router.cache');
  }
}
