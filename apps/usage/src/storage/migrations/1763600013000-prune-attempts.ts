import { finderFunction, rolesOf } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rows of attempts end: what is settled has its entry in the ledger, and its row only says so to who asks again soon. So the index on the ids
 * of attempts, which are random, stays as large as some days are long. Who tells or asks later than that is answered from the ledger.
 */
export class PruneAttempts1763600013000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`GRANT DELETE ON usage.attempt, usage.tool_execution TO ${rolesOf('usage').serving}`);
    for (const finder of FINDERS) await runner.query(finder);
  }

  async down(): Promise<void> {
    throw new Error('rows that are gone do not come back');
  }
}

/** They read their table from end to end: that is seldom, and an index on when something ended would cost every row. */
const FINDERS = [
  finderFunction({
    schema: 'usage', name: 'old_attempts', parameters: 'p_before timestamptz, p_limit integer', table: 'attempt', columns: ['settled_at'],
    query: "SELECT a.tenant_id, a.id FROM usage.attempt a WHERE a.state IN ('settled', 'refused') AND coalesce(a.settled_at, a.opened_at) < p_before LIMIT p_limit",
  }),
  finderFunction({
    schema: 'usage', name: 'old_executions', parameters: 'p_before timestamptz, p_limit integer', table: 'tool_execution', columns: ['settled_at'],
    query: 'SELECT e.tenant_id, e.id FROM usage.tool_execution e WHERE e.settled_at < p_before LIMIT p_limit',
  }),
  finderFunction({
    schema: 'usage', name: 'old_alerts', parameters: 'p_before timestamptz, p_limit integer', table: 'budget_alert', columns: ['at', 'told_at'],
    query: 'SELECT a.tenant_id, a.id FROM usage.budget_alert a WHERE a.told_at < p_before LIMIT p_limit',
  }),
];
