import { SYSTEM_TENANT_ID } from '@nexus/core';
import { tenantTable } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';
import { AcceptBatch1763700000002 } from './accept-batch.migration.js';

/**
 * accept_batch as it was, and besides it counts the runs of tenants whose plan has a quota, in the commit that stores them: p_quotas has the
 * runs a month of each message's tenant, -1 for one without a plan. A message above the quota is stored nowhere and answered \`is_refused\`; one that
 * has its run already is not counted again. Who calls it without quotas, as the version before does, has none.
 */
export class RunCount1764600000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orchestrator.run_count (
        tenant_id uuid NOT NULL,
        -- Its first day, in UTC.
        month date NOT NULL,
        accepted bigint NOT NULL,
        PRIMARY KEY (tenant_id, month)
      ) WITH (fillfactor = 50);
      ${tenantTable('orchestrator', 'run_count', ['SELECT', 'INSERT', 'UPDATE'])}`);
    await runner.query(`
      DROP FUNCTION orchestrator.accept_batch;
      CREATE FUNCTION orchestrator.accept_batch(
        p_partition integer, p_epoch bigint, p_now timestamptz,
        p_agent_tenants uuid[], p_agent_hashes bytea[], p_agents bytea[],
        p_tenants uuid[], p_runs uuid[], p_threads uuid[], p_surfaces text[], p_clients text[], p_projects text[],
        p_messages text[], p_correlations text[], p_limits integer[], p_deadlines bigint[], p_payloads bytea[], p_quotas bigint[] DEFAULT NULL
      ) RETURNS TABLE (place integer, is_new boolean, thread_id uuid, thread_seq integer, status smallint, queued_behind integer, is_refused boolean)
      LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      DECLARE
        v_tenant uuid;
        v_seq integer;
        v_active integer;
        v_behind integer;
        v_deadline timestamptz;
        v_month date := date_trunc('month', p_now AT TIME ZONE 'UTC')::date;
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('orchestrator.partition_lease', p_partition));
        PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
        PERFORM FROM orchestrator.partition_lease l WHERE l.tenant_id = '${SYSTEM_TENANT_ID}' AND l.partition = p_partition AND l.epoch = p_epoch;
        IF NOT FOUND THEN RETURN; END IF;

        FOR i IN 1 .. coalesce(cardinality(p_agents), 0) LOOP
          PERFORM set_config('app.tenant_id', p_agent_tenants[i]::text, true);
          INSERT INTO orchestrator.agent (tenant_id, hash, payload) VALUES (p_agent_tenants[i], p_agent_hashes[i], p_agents[i]) ON CONFLICT DO NOTHING;
        END LOOP;

        -- Counts are locked in the order of the tenants, and before any thread.
        FOR v_tenant IN SELECT DISTINCT q.tenant FROM unnest(p_tenants, p_quotas) AS q (tenant, quota) WHERE q.quota >= 0 ORDER BY q.tenant LOOP
          PERFORM set_config('app.tenant_id', v_tenant::text, true);
          INSERT INTO orchestrator.run_count (tenant_id, month, accepted) VALUES (v_tenant, v_month, 0) ON CONFLICT DO NOTHING;
          PERFORM FROM orchestrator.run_count c WHERE c.tenant_id = v_tenant AND c.month = v_month FOR UPDATE;
        END LOOP;

        FOR i IN 1 .. cardinality(p_runs) LOOP
          IF p_tenants[i] IS DISTINCT FROM v_tenant OR i = 1 THEN
            v_tenant := p_tenants[i];
            PERFORM set_config('app.tenant_id', v_tenant::text, true);
          END IF;
          PERFORM pg_advisory_xact_lock(uuid_hash_extended(p_threads[i], 1));
          place := i;
          is_refused := false;

          SELECT r.thread_id, r.thread_seq, r.status, r.queued_behind INTO thread_id, thread_seq, status, queued_behind
            FROM orchestrator.run r WHERE r.tenant_id = v_tenant AND r.id = p_runs[i];
          IF FOUND THEN
            is_new := false;
            RETURN NEXT;
            CONTINUE;
          END IF;

          IF p_quotas[i] >= 0 THEN
            UPDATE orchestrator.run_count c SET accepted = c.accepted + 1 WHERE c.tenant_id = v_tenant AND c.month = v_month AND c.accepted < p_quotas[i];
            IF NOT FOUND THEN
              is_new := false; is_refused := true; thread_id := p_threads[i]; thread_seq := 0; status := 0; queued_behind := 0;
              RETURN NEXT;
              CONTINUE;
            END IF;
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
    await runner.query('DROP FUNCTION orchestrator.accept_batch; DROP TABLE orchestrator.run_count');
    await new AcceptBatch1763700000002().up(runner);
  }
}
