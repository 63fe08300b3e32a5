import { expiringRows, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a request has come that needed more than one attempt, for whoever has to go on with it. */
export class Chain1764000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE router.chain (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        next integer NOT NULL,
        model text NOT NULL,
        routing bytea NOT NULL,
        records bytea[] NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      ${tenantTable('router', 'chain', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
      ${expiringRows('router', 'chain')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION router.expired_chain(integer); DROP TABLE router.chain');
  }
}
