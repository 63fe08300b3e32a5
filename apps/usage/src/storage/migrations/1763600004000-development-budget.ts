import { DEVELOPMENT_TENANT_ID, deterministicId } from '@nexus/core';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const LIMIT_MICRO_USD = 1_000_000;
const NAME = 'development';

/** Trying NEXUS out costs at most a dollar a day: here, so that no way of starting NEXUS goes without it. SetBudget changes it for good. */
export class DevelopmentBudget1763600004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Row-level security holds for the owner, too.
    await runner.query("SELECT set_config('app.tenant_id', $1, true)", [DEVELOPMENT_TENANT_ID]);
    await runner.query(
      `INSERT INTO usage.budget (tenant_id, id, name, period, limit_micro_usd, spent_micro_usd, reserved_micro_usd, window_start)
       VALUES ($1, $2, $3, 'day', $4, 0, 0, date '1970-01-01')`,
      [DEVELOPMENT_TENANT_ID, deterministicId(DEVELOPMENT_TENANT_ID, 'budget', NAME), NAME, LIMIT_MICRO_USD],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("SELECT set_config('app.tenant_id', $1, true)", [DEVELOPMENT_TENANT_ID]);
    await runner.query('DELETE FROM usage.budget WHERE tenant_id = $1 AND name = $2', [DEVELOPMENT_TENANT_ID, NAME]);
  }
}
