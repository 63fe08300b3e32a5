import { finderFunction } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';

const FIRST_THREAD = '00000000-0000-0000-0000-000000000000';

/**
 * What the sweep finds: runs that wait for a retry whose time has come, queued runs whose own deadline passed, and active runs without an
 * event for some time, page by page in the order of their threads, so that all of them have their turn.
 */
export class Recovery1764300000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE orchestrator.run ADD COLUMN wake_at timestamptz;
      COMMENT ON COLUMN orchestrator.run.wake_at IS 'when a model call is to be made again, until somebody published it';
      CREATE INDEX run_wake ON orchestrator.run (wake_at) WHERE wake_at IS NOT NULL;
      CREATE INDEX run_queued_expiry ON orchestrator.run (expires_at) WHERE status = 1 AND expires_at IS NOT NULL;

      DROP FUNCTION orchestrator.expired_runs(timestamptz, integer);
      ${finderFunction({
        schema: 'orchestrator', name: 'expired_runs', parameters: 'p_now timestamptz, p_limit integer', table: 'run', columns: ['status', 'expires_at'],
        query: `(SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 2 AND r.expires_at <= p_now ORDER BY r.expires_at LIMIT p_limit)
                UNION ALL
                (SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 1 AND r.expires_at <= p_now ORDER BY r.expires_at LIMIT p_limit)`,
      })}
      ${finderFunction({
        schema: 'orchestrator', name: 'waking_runs', parameters: 'p_due_before timestamptz, p_limit integer', table: 'run', columns: ['status', 'wake_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.wake_at <= p_due_before AND r.status = 2 ORDER BY r.wake_at LIMIT p_limit',
      })}

      GRANT SELECT (tenant_id, run_id, seq, at) ON orchestrator.run_event TO nexus_orchestrator_finder;
      CREATE POLICY finder ON orchestrator.run_event FOR SELECT TO nexus_orchestrator_finder USING (true);
      DROP FUNCTION orchestrator.stalled_runs(timestamptz, integer);
      ${finderFunction({
        schema: 'orchestrator', name: 'stalled_runs', parameters: 'p_quiet_since timestamptz, p_after_tenant uuid, p_after_run uuid, p_limit integer',
        table: 'run', columns: ['status', 'started_at', 'thread_id'],
        query: `SELECT r.tenant_id, r.id FROM orchestrator.run r
           WHERE r.status = 2 AND r.started_at <= p_quiet_since
             AND (r.tenant_id, r.thread_id) > (p_after_tenant, coalesce(
               (SELECT p.thread_id FROM orchestrator.run p WHERE p.tenant_id = p_after_tenant AND p.id = p_after_run), '${FIRST_THREAD}'::uuid))
             AND (SELECT e.at FROM orchestrator.run_event e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.id ORDER BY e.seq DESC LIMIT 1) <= p_quiet_since
           ORDER BY r.tenant_id, r.thread_id LIMIT p_limit`,
      })}

      CREATE FUNCTION orchestrator.settle_wakes(p_tenants uuid[], p_runs uuid[], p_due_before timestamptz) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        FOR i IN 1 .. cardinality(p_runs) LOOP
          PERFORM set_config('app.tenant_id', p_tenants[i]::text, true);
          UPDATE orchestrator.run SET wake_at = NULL WHERE tenant_id = p_tenants[i] AND id = p_runs[i] AND wake_at <= p_due_before;
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION orchestrator.settle_wakes; DROP FUNCTION orchestrator.stalled_runs; DROP FUNCTION orchestrator.waking_runs; DROP FUNCTION orchestrator.expired_runs;
      DROP POLICY finder ON orchestrator.run_event;
      REVOKE SELECT (tenant_id, run_id, seq, at) ON orchestrator.run_event FROM nexus_orchestrator_finder;
      DROP INDEX orchestrator.run_queued_expiry; DROP INDEX orchestrator.run_wake;
      ALTER TABLE orchestrator.run DROP COLUMN wake_at;
      ${finderFunction({
        schema: 'orchestrator', name: 'expired_runs', parameters: 'p_now timestamptz, p_limit integer', table: 'run', columns: ['status', 'expires_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 2 AND r.expires_at <= p_now LIMIT p_limit',
      })}
      ${finderFunction({
        schema: 'orchestrator', name: 'stalled_runs', parameters: 'p_started_before timestamptz, p_limit integer', table: 'run', columns: ['status', 'started_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 2 AND r.started_at <= p_started_before ORDER BY random() LIMIT p_limit',
      })}`);
  }
}
