import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';

/**
 * usage.settle: books what a batch of attempts really cost, tenant by tenant; each attempt once, however often it is told.
 * In: as usage.open_attempts: the records of each tenant stand side by side. The ids of a tenant ascend, and none stands twice.
 * Out: one row for each tenant: how many ledger rows were written, how many of them for model calls that were never opened, how many
 * cost more than was reserved, and by how much altogether.
 */
export class Settle1763600003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(BOOK);
    await runner.query(SETTLE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.settle, usage.book');
  }
}

/**
 * Adds to what the tenant's budgets have spent and takes from what they have reserved, for attempts that p_day pays for. A budget
 * that has begun a later window since keeps nothing of them.
 */
const BOOK = batchFunction({
  name: 'book',
  isInner: true,
  parameters: 'p_day date, p_cost bigint, p_reserved bigint',
  returns: 'void',
  body: `
    DECLARE
      v_budgets uuid[];
      v_budget uuid;
    BEGIN
      SELECT array_agg(x.id ORDER BY x.id) INTO v_budgets FROM usage.budget x;
      FOREACH v_budget IN ARRAY coalesce(v_budgets, '{}') LOOP
        UPDATE usage.budget x
           SET spent_micro_usd = CASE WHEN x.window_start < usage.window_start(x.period, p_day) THEN 0 ELSE x.spent_micro_usd END + p_cost,
               reserved_micro_usd = CASE WHEN x.window_start < usage.window_start(x.period, p_day) THEN 0 ELSE x.reserved_micro_usd - p_reserved END,
               window_start = usage.window_start(x.period, p_day)
         WHERE x.id = v_budget AND x.window_start <= usage.window_start(x.period, p_day);
      END LOOP;
    END`,
});

const RECORDS = `p_ids uuid[], p_result text[], p_provider text[], p_model text[], p_tool text[], p_client text[], p_project text[], p_key_id text[], p_run_id uuid[],
    p_input bigint[], p_cache_read bigint[], p_cache_write bigint[], p_output bigint[], p_reasoning bigint[], p_estimated boolean[],
    p_input_price bigint[], p_output_price bigint[], p_cache_read_price bigint[], p_cache_write_price bigint[], p_cost bigint[],
    p_finished_at timestamptz[], p_duration_ms bigint[], p_error_code text[], p_provider_request_id text[], p_trace_id text[]`;

/** Writes the ledger rows of the records i, whose attempts' days and reservations are given. */
const writeLedger = (day: string, reserved: string, from: string): string => `
          INSERT INTO usage.ledger AS l (tenant_id, attempt_id, day, settled_at, finished_at, duration_ms, cost_micro_usd, reserved_micro_usd, input_tokens,
                 cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, input_price, output_price, cache_read_price, cache_write_price, run_id,
                 is_estimated, result, provider, model, tool, client, project, key_id, error_code, provider_request_id, trace_id)
          SELECT p_tenants[k], p_ids[i], ${day}, p_now, p_finished_at[i], p_duration_ms[i], p_cost[i], ${reserved}, p_input[i],
                 p_cache_read[i], p_cache_write[i], p_output[i], p_reasoning[i], p_input_price[i], p_output_price[i], p_cache_read_price[i], p_cache_write_price[i], p_run_id[i],
                 p_estimated[i], p_result[i], p_provider[i], p_model[i], p_tool[i], p_client[i], p_project[i], p_key_id[i], p_error_code[i], p_provider_request_id[i], p_trace_id[i]
            FROM ${from};`;

const SETTLE = batchFunction({
  name: 'settle',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], ${RECORDS}`,
  returns: 'TABLE (tenant_id uuid, records integer, unopened integer, over_reservation integer, over_micro_usd bigint)',
  body: `
    DECLARE
      a integer;
      b integer;
      v_ids uuid[];
      v_days date[];
      v_reserved bigint[];
      v_costs bigint[];
      v_tools integer;
      v_group record;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        a := p_first[k];
        b := p_last[k];
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        -- Closes what is open. An upsert finds each row by its key, whatever the planner believes about the table; a model call that was
        -- never opened is made here, settled, so that it can never be. Tools have no attempt.
        WITH closed AS (
          INSERT INTO usage.attempt AS x (tenant_id, id, state, day, opened_at, settled_at, reserved_micro_usd, granted_output_tokens, input_price, output_price,
                 cache_read_price, cache_write_price, run_id, step, owner, provider, model, client, project, key_id)
          SELECT p_tenants[k], p_ids[i], 'settled', p_day, p_now, p_now, 0, 0, p_input_price[i], p_output_price[i],
                 p_cache_read_price[i], p_cache_write_price[i], p_run_id[i], 0, '', p_provider[i], p_model[i], p_client[i], p_project[i], p_key_id[i]
            FROM generate_series(a, b) AS i WHERE p_tool[i] = ''
          ON CONFLICT ON CONSTRAINT attempt_pkey DO UPDATE SET state = 'settled', settled_at = p_now WHERE x.state <> 'settled'
          RETURNING x.id, x.day, x.reserved_micro_usd AS reserved, x.owner)
        SELECT coalesce(array_agg(c.id ORDER BY c.id), '{}'), array_agg(c.day ORDER BY c.id), array_agg(c.reserved ORDER BY c.id), count(*) FILTER (WHERE c.owner = '')
          INTO v_ids, v_days, v_reserved, unopened FROM closed c;

        v_tools := 0;
        IF cardinality(v_ids) = b - a + 1 THEN
          ${writeLedger('v_days[i - a + 1]', 'v_reserved[i - a + 1]', 'generate_series(a, b) AS i')}
          v_costs := p_cost[a:b];
        ELSE
          ${writeLedger('v_days[array_position(v_ids, p_ids[i])]', 'v_reserved[array_position(v_ids, p_ids[i])]', 'generate_series(a, b) AS i WHERE p_ids[i] = ANY (v_ids)')}
          ${writeLedger('p_day', '0', "generate_series(a, b) AS i WHERE p_tool[i] <> '' ON CONFLICT ON CONSTRAINT ledger_pkey DO NOTHING")}
          GET DIAGNOSTICS v_tools = ROW_COUNT;
          SELECT array_agg(p_cost[i] ORDER BY p_ids[i]) INTO v_costs FROM generate_series(a, b) AS i WHERE p_ids[i] = ANY (v_ids);
        END IF;

        tenant_id := p_tenants[k]; records := cardinality(v_ids) + v_tools; over_reservation := 0; over_micro_usd := 0;
        FOR v_group IN
          SELECT y.day, sum(y.cost)::bigint AS cost, sum(y.reserved)::bigint AS reserved, count(*) FILTER (WHERE y.cost > y.reserved)::integer AS over,
                 coalesce(sum(y.cost - y.reserved) FILTER (WHERE y.cost > y.reserved), 0)::bigint AS over_micro_usd
            FROM unnest(v_days, v_costs, v_reserved) AS y (day, cost, reserved) GROUP BY y.day ORDER BY y.day
        LOOP
          over_reservation := over_reservation + v_group.over;
          over_micro_usd := over_micro_usd + v_group.over_micro_usd;
          PERFORM usage.book(v_group.day, v_group.cost, v_group.reserved);
        END LOOP;
        RETURN NEXT;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
