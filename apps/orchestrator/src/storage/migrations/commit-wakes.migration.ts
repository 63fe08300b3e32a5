import type { QueryRunner } from 'typeorm';
import { CommitBatch1763700000003 } from './commit-batch.migration.js';

/**
 * commit_batch as it was, and besides it remembers when a model call is to be made again, so that a wait does not end with the process
 * that waits. Who calls it without these times, as the version before does, leaves them to its timers.
 */
export class CommitWakes1764300000002 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION orchestrator.commit_batch;
      CREATE FUNCTION orchestrator.commit_batch(
        p_now timestamptz, p_started bytea,
        p_tenants uuid[], p_threads uuid[], p_runs uuid[], p_epochs integer[], p_seqs integer[], p_counts integer[], p_endings smallint[], p_replies_due boolean[],
        p_fingerprints integer[], p_payloads bytea[], p_wakes bigint[] DEFAULT NULL
      ) RETURNS TABLE (place integer, is_committed boolean, next_run uuid, next_thread_seq integer, next_queued_behind integer, next_epoch integer, next_at bigint, next_payload bytea)
      LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      DECLARE
        v_tenant uuid;
        v_first integer := 1;
        v_was smallint;
        v_seq integer;
        v_at timestamptz;
      BEGIN
        FOR i IN 1 .. cardinality(p_runs) LOOP
          IF p_tenants[i] IS DISTINCT FROM v_tenant OR i = 1 THEN
            v_tenant := p_tenants[i];
            PERFORM set_config('app.tenant_id', v_tenant::text, true);
          END IF;
          place := i;
          next_run := NULL;

          PERFORM pg_advisory_xact_lock(uuid_hash_extended(p_threads[i], 1));
          SELECT r.status, r.thread_seq INTO v_was, v_seq FROM orchestrator.run r
            WHERE r.tenant_id = v_tenant AND r.id = p_runs[i] AND r.epoch = p_epochs[i] AND r.status <= 2;
          is_committed := FOUND;
          IF is_committed THEN
            PERFORM FROM orchestrator.run_event e WHERE e.tenant_id = v_tenant AND e.run_id = p_runs[i] AND e.seq = p_seqs[i];
            is_committed := NOT FOUND;
          END IF;
          IF is_committed THEN
            FOR k IN 0 .. p_counts[i] - 1 LOOP
              INSERT INTO orchestrator.run_event (tenant_id, run_id, seq, fingerprint, at, payload)
                VALUES (v_tenant, p_runs[i], p_seqs[i] + k, p_fingerprints[v_first + k], p_now, p_payloads[v_first + k]);
            END LOOP;
            IF p_endings[i] > 0 THEN
              UPDATE orchestrator.run r SET status = p_endings[i], finished_at = p_now, reply_due = p_replies_due[i], wake_at = NULL
                WHERE r.tenant_id = v_tenant AND r.id = p_runs[i];
              IF v_was = 2 THEN
                SELECT r.id, r.thread_seq, r.queued_behind, r.epoch INTO next_run, next_thread_seq, next_queued_behind, next_epoch FROM orchestrator.run r
                  WHERE r.tenant_id = v_tenant AND r.thread_id = p_threads[i] AND r.thread_seq > v_seq AND r.status = 1 ORDER BY r.thread_seq LIMIT 1;
              END IF;
            ELSIF p_wakes[i] > 0 THEN
              UPDATE orchestrator.run r SET wake_at = to_timestamp(p_wakes[i] / 1000.0) WHERE r.tenant_id = v_tenant AND r.id = p_runs[i];
            END IF;
          END IF;
          IF next_run IS NOT NULL THEN
            UPDATE orchestrator.run r SET status = 2, started_at = p_now, expires_at = least(r.expires_at, p_now + r.limit_ms * interval '1 millisecond')
              WHERE r.tenant_id = v_tenant AND r.id = next_run;
            INSERT INTO orchestrator.run_event (tenant_id, run_id, seq, at, payload) VALUES (v_tenant, next_run, 1, p_now, p_started);
            SELECT e.at, e.payload INTO v_at, next_payload FROM orchestrator.run_event e WHERE e.tenant_id = v_tenant AND e.run_id = next_run AND e.seq = 0;
            next_at := extract(epoch FROM v_at) * 1000;
          END IF;
          v_first := v_first + p_counts[i];
          RETURN NEXT;
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION orchestrator.commit_batch; DROP FUNCTION orchestrator.settle_replies;');
    await new CommitBatch1763700000003().up(runner);
  }
}
