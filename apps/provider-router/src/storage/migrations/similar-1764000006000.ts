import { expiringRows, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Questions by what they mean, with the answers that they got. */
export class Similar1764000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE router.similar (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        -- All of the request but the question: only questions of one scope are compared.
        scope uuid NOT NULL,
        -- Numbers of 4 bytes, the lowest byte first, of length 1 as a vector.
        vector bytea NOT NULL,
        model text NOT NULL,
        answer text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      CREATE INDEX similar_scope ON router.similar (tenant_id, scope, expires_at DESC);
      ${tenantTable('router', 'similar', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
      ${expiringRows('router', 'similar')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION router.expired_similar(integer); DROP TABLE router.similar');
  }
}
