import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';

/**
 * While the ledger is away no owner can report, and every lease runs out although every owner lives. So a lease that ran out says something
 * only when another owner was heard since; and after nobody was heard for long, only when all had time to report again.
 */
export class LedgerWasAway1763600007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(HEARD);
    await runner.query('DROP FUNCTION usage.is_alive');
    await runner.query(IS_ALIVE);
  }

  async down(): Promise<void> {
    throw new Error('leases that ran out while the ledger was away would count again');
  }
}

const HEARD = `
  -- The row with an empty owner stands for all: started_at is when the last report came, lease_ms its lease, expires_at until when silence is no sign.
  ALTER TABLE usage.owner ADD COLUMN lease_ms integer NOT NULL DEFAULT 0;`;

/** Whether this life of a replica may still be there, unless a later one has reported. Leaves the tenant as p_tenant. */
const IS_ALIVE = batchFunction({
  name: 'is_alive',
  isInner: true,
  parameters: 'p_owner text, p_tenant uuid',
  returns: 'boolean',
  body: `
    DECLARE
      v_is_alive boolean;
    BEGIN
      PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
      SELECT EXISTS (
        SELECT FROM usage.owner o WHERE o.owner = p_owner AND o.owner <> ''
           AND (o.expires_at > clock_timestamp()
                OR (o.expires_at > '-infinity' AND NOT EXISTS (SELECT FROM usage.owner h WHERE h.owner = '' AND h.started_at > o.expires_at AND h.expires_at <= clock_timestamp())))
           AND NOT EXISTS (SELECT FROM usage.owner later WHERE later.replica = o.replica AND later.started_at > o.started_at)) INTO v_is_alive;
      PERFORM set_config('app.tenant_id', p_tenant::text, true);
      RETURN v_is_alive;
    END`,
});
