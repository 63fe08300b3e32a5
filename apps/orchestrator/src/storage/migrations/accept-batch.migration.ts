import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { QueryRunner } from 'typeorm';

/**
 * accept_batch: stores messages as runs, all in one transaction, in the order given within a thread. It answers one row a message, or
 * none at all when the lease is no longer held. The lock on the lease is shared with other batches of its holder and excludes a takeover, so
 * that a reader that lost its lease cannot commit after its successor began. The lock on a thread is the one that commit_batch takes
 * when it ends a run: either it sees the run that queues here, or this sees the end.
 */
export class AcceptBatch1763700000002 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION orchestrator.accept_batch(
        p_partition integer, p_epoch bigint, p_now timestamptz,
        p_agent_tenants uuid[], p_agent_hashes bytea[], p_agents bytea[],
        p_tenants uuid[], p_runs uuid[], p_threads uuid[], p_surfaces text[], p_clients text[], p_projects text[],
        p_messages text[], p_correlations text[], p_limits integer[], p_deadlines bigint[], p_payloads bytea[]
      ) RETURNS TABLE (place integer, is_new boolean, thread_id uuid, thread_seq integer, status smallint, queued_behind integer)
      LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      DECLARE
        v_tenant uuid;
        v_seq integer;
        v_active integer;
        v_behind integer;
        v_deadline timestamptz;
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('orchestrator.partition_lease', p_partition));
        PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
        PERFORM FROM orchestrator.partition_lease l WHERE l.tenant_id = '${SYSTEM_TENANT_ID}' AND l.partition = p_partition AND l.epoch = p_epoch;
        IF NOT FOUND THEN RETURN; END IF;

        FOR i IN 1 .. coalesce(cardinality(p_agents), 0) LOOP
          PERFORM set_config('app.tenant_id', p_agent_tenants[i]::text, true);
          INSERT INTO orchestrator.agent (tenant_id, hash, payload) VALUES (p_agent_tenants[i], p_agent_hashes[i], p_agents[i]) ON CONFLICT DO NOTHING;
        END LOOP;

        FOR i IN 1 .. cardinality(p_runs) LOOP
          IF p_tenants[i] IS DISTINCT FROM v_tenant OR i = 1 THEN
            v_tenant := p_tenants[i];
            PERFORM set_config('app.tenant_id', v_tenant::text, true);
          END IF;
          PERFORM pg_advisory_xact_lock(uuid_hash_extended(p_threads[i], 1));
          place := i;

          SELECT r.thread_id, r.thread_seq, r.status, r.queued_behind INTO thread_id, thread_seq, status, queued_behind
            FROM orchestrator.run r WHERE r.tenant_id = v_tenant AND r.id = p_runs[i];
          IF FOUND THEN
            is_new := false;
            RETURN NEXT;
            CONTINUE;
          END IF;

          UPDATE orchestrator.thread t SET last_seq = t.last_seq + 1, updated_at = p_now WHERE t.tenant_id = v_tenant AND t.id = p_threads[i]
            RETURNING t.last_seq INTO v_seq;
          IF NOT FOUND THEN
            INSERT INTO orchestrator.thread (tenant_id, id, last_seq, created_at, updated_at, surface, client, project)
              VALUES (v_tenant, p_threads[i], 1, p_now, p_now, p_surfaces[i], p_clients[i], p_projects[i]);
            v_seq := 1;
          END IF;

          v_behind := 0;
          IF v_seq > 1 THEN
            SELECT r.thread_seq INTO v_active FROM orchestrator.run r WHERE r.tenant_id = v_tenant AND r.thread_id = p_threads[i] AND r.status = 2;
            IF FOUND THEN
              SELECT 1 + count(*) INTO v_behind FROM orchestrator.run r
                WHERE r.tenant_id = v_tenant AND r.thread_id = p_threads[i] AND r.thread_seq > v_active AND r.status = 1;
            END IF;
          END IF;

          is_new := true;
          thread_id := p_threads[i];
          thread_seq := v_seq;
          queued_behind := v_behind;
          status := CASE WHEN v_behind > 0 THEN 1 ELSE 2 END;
          v_deadline := to_timestamp(nullif(p_deadlines[i], 0) / 1000.0);
          INSERT INTO orchestrator.run (tenant_id, id, thread_id, thread_seq, queued_behind, limit_ms, created_at, message_id, correlation_id, status, expires_at, started_at)
            VALUES (v_tenant, p_runs[i], p_threads[i], v_seq, v_behind, p_limits[i], p_now, p_messages[i], p_correlations[i], status,
                    CASE WHEN v_behind > 0 THEN v_deadline ELSE least(v_deadline, p_now + p_limits[i] * interval '1 millisecond') END,
                    CASE WHEN v_behind > 0 THEN NULL ELSE p_now END);
          INSERT INTO orchestrator.run_event (tenant_id, run_id, seq, at, payload) VALUES (v_tenant, p_runs[i], 0, p_now, p_payloads[i]);
          RETURN NEXT;
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION orchestrator.accept_batch');
  }
}
