import type { QueryRunner } from 'typeorm';

/**
 * load_runs: the stored events of runs and, where p_after is not negative, of the runs before them in their threads (after that place, at
 * most p_history of them), as one answer.
 */
export class LoadRuns1763700000004 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION orchestrator.load_runs(p_tenants uuid[], p_runs uuid[], p_after integer[], p_history integer)
      RETURNS TABLE (place integer, run_id uuid, thread_id uuid, thread_seq integer, status smallint, epoch integer, queued_behind integer,
                     seq integer, at bigint, fingerprint integer, payload bytea)
      LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      BEGIN
        FOR i IN 1 .. cardinality(p_runs) LOOP
          PERFORM set_config('app.tenant_id', p_tenants[i]::text, true);
          RETURN QUERY
            SELECT i, r.id, r.thread_id, r.thread_seq, r.status, r.epoch, r.queued_behind,
                   e.seq, (extract(epoch FROM e.at) * 1000)::bigint, e.fingerprint, e.payload
              FROM orchestrator.run asked
              JOIN orchestrator.run r ON r.tenant_id = p_tenants[i] AND r.thread_id = asked.thread_id
               AND r.thread_seq BETWEEN CASE WHEN p_after[i] < 0 THEN asked.thread_seq ELSE greatest(p_after[i] + 1, asked.thread_seq - p_history) END AND asked.thread_seq
              JOIN orchestrator.run_event e ON e.tenant_id = p_tenants[i] AND e.run_id = r.id
             WHERE asked.tenant_id = p_tenants[i] AND asked.id = p_runs[i]
             ORDER BY r.thread_seq, e.seq;
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;

      CREATE FUNCTION orchestrator.load_agents(p_tenants uuid[], p_hashes bytea[]) RETURNS TABLE (place integer, payload bytea) LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      BEGIN
        FOR i IN 1 .. cardinality(p_hashes) LOOP
          PERFORM set_config('app.tenant_id', p_tenants[i]::text, true);
          RETURN QUERY SELECT i, a.payload FROM orchestrator.agent a WHERE a.tenant_id = p_tenants[i] AND a.hash = p_hashes[i];
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;

      CREATE FUNCTION orchestrator.active_after(p_tenants uuid[], p_threads uuid[], p_seqs integer[]) RETURNS TABLE (tenant_id uuid, run_id uuid) LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      BEGIN
        FOR i IN 1 .. cardinality(p_threads) LOOP
          PERFORM set_config('app.tenant_id', p_tenants[i]::text, true);
          RETURN QUERY SELECT r.tenant_id, r.id FROM orchestrator.run r
            WHERE r.tenant_id = p_tenants[i] AND r.thread_id = p_threads[i] AND r.status = 2 AND r.thread_seq > p_seqs[i];
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION orchestrator.active_after; DROP FUNCTION orchestrator.load_agents; DROP FUNCTION orchestrator.load_runs;`);
  }
}
