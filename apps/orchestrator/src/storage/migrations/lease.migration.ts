import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { QueryRunner } from 'typeorm';

/** take_lease, renew_lease: who reads a partition of requests.incoming, by the database's clock. A takeover waits for the acceptances of the one before. */
export class Lease1763700000005 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION orchestrator.take_lease(p_partition integer, p_owner text, p_life_ms integer) RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE
        v_epoch bigint;
      BEGIN
        PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
        PERFORM FROM orchestrator.partition_lease WHERE tenant_id = '${SYSTEM_TENANT_ID}' AND partition = p_partition AND owner <> p_owner AND expires_at > clock_timestamp();
        IF FOUND THEN RETURN NULL; END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('orchestrator.partition_lease', p_partition));
        INSERT INTO orchestrator.partition_lease AS held (tenant_id, partition, owner, epoch, expires_at)
          VALUES ('${SYSTEM_TENANT_ID}', p_partition, p_owner, 1, clock_timestamp() + p_life_ms * interval '1 millisecond')
          ON CONFLICT (tenant_id, partition) DO UPDATE SET owner = p_owner, epoch = held.epoch + 1, expires_at = excluded.expires_at
            WHERE held.owner = p_owner OR held.expires_at <= clock_timestamp()
          RETURNING epoch INTO v_epoch;
        RETURN v_epoch;
      END $$;

      CREATE FUNCTION orchestrator.renew_lease(p_partition integer, p_epoch bigint, p_life_ms integer) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
        UPDATE orchestrator.partition_lease SET expires_at = clock_timestamp() + p_life_ms * interval '1 millisecond'
          WHERE tenant_id = '${SYSTEM_TENANT_ID}' AND partition = p_partition AND epoch = p_epoch;
        RETURN FOUND;
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION orchestrator.renew_lease; DROP FUNCTION orchestrator.take_lease;');
  }
}
