import { finderFunction } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds UNKNOWN attempts of all tenants, for those who watch how many there are: the index of what is not settled holds them. */
export class UnknownAttempts1764900500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(finderFunction({
      schema: 'usage', name: 'unknown_attempts', parameters: 'p_limit integer', table: 'attempt', columns: ['state'],
      query: "SELECT a.tenant_id, a.id FROM usage.attempt a WHERE a.state = 'unknown' LIMIT p_limit",
    }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.unknown_attempts');
  }
}
