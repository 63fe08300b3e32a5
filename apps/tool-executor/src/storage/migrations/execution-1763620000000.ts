import { tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Executions of tools that must not run twice; the other tools have no row. */
export class Execution1763620000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tools.execution (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'settled')),
        tool text NOT NULL,
        owner text NOT NULL,
        opened_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        settled_at timestamptz,
        answer bytea,
        PRIMARY KEY (tenant_id, id),
        CHECK ((state = 'settled') = (answer IS NOT NULL AND settled_at IS NOT NULL))
      );
      COMMENT ON COLUMN tools.execution.owner IS 'the life of a replica that makes the call: <replica> <id>';
      COMMENT ON COLUMN tools.execution.expires_at IS 'by then the call is over if its owner lives';
      COMMENT ON COLUMN tools.execution.answer IS 'nexus.tool.v1.ToolExecuted';
      ${tenantTable('tools', 'execution', ['SELECT', 'INSERT', 'UPDATE'])}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tools.execution');
  }
}
