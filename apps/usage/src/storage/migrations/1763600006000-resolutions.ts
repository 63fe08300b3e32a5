import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';

/**
 * How an attempt was settled that its owner did not settle in time, and what corrects that: the ledger gets a further row, which holds
 * the difference, so that the sums over it stay what was really spent.
 */
export class Resolutions1763600006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEDGER);
    await runner.query('DROP FUNCTION usage.settle');
    await runner.query(CORRECT);
    await runner.query(SETTLE);
    await runner.query(CLAIM_UNKNOWN);
    await runner.query(RESOLVE);
  }

  async down(): Promise<void> {
    throw new Error('corrections have no place in the ledger as it was');
  }
}

const LEDGER = `
  ALTER TABLE usage.ledger
    ADD COLUMN resolution text NOT NULL DEFAULT '' CHECK (resolution IN ('', 'owner', 'provider', 'policy', 'manual')),
    -- 0 is what was booked; 1 what is added to it, or taken from it, when the real figures came later.
    ADD COLUMN correction smallint NOT NULL DEFAULT 0,
    DROP CONSTRAINT ledger_pkey,
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (tenant_id, attempt_id, correction),
    DROP CONSTRAINT ledger_cost_micro_usd_check,
    ADD CONSTRAINT ledger_cost_micro_usd_check CHECK (cost_micro_usd >= 0 OR correction > 0);`;

const RECORDS = `p_ids uuid[], p_result text[], p_provider text[], p_model text[], p_tool text[], p_client text[], p_project text[], p_key_id text[], p_run_id uuid[],
    p_input bigint[], p_cache_read bigint[], p_cache_write bigint[], p_output bigint[], p_reasoning bigint[], p_estimated boolean[],
    p_input_price bigint[], p_output_price bigint[], p_cache_read_price bigint[], p_cache_write_price bigint[], p_cost bigint[],
    p_finished_at timestamptz[], p_duration_ms bigint[], p_error_code text[], p_provider_request_id text[], p_trace_id text[], p_resolution text[]`;

/**
 * What an owner tells of an attempt that others have resolved meanwhile: the difference, once, when there is one. Answers the difference
 * in micro-USD, with the day that it counts on; NULL when nothing was to be corrected.
 */
const CORRECT = batchFunction({
  name: 'correct',
  isInner: true,
  parameters: `p_tenant uuid, p_now timestamptz, p_id uuid, p_result text, p_input bigint, p_cache_read bigint, p_cache_write bigint, p_output bigint, p_reasoning bigint,
    p_estimated boolean, p_cost bigint, p_finished_at timestamptz, p_duration_ms bigint, p_error_code text, p_provider_request_id text, p_trace_id text`,
  returns: 'TABLE (day date, cost bigint)',
  body: `
    BEGIN
      RETURN QUERY
        INSERT INTO usage.ledger AS l (tenant_id, attempt_id, correction, resolution, day, settled_at, finished_at, duration_ms, cost_micro_usd, reserved_micro_usd, input_tokens,
               cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, input_price, output_price, cache_read_price, cache_write_price, run_id,
               is_estimated, result, provider, model, tool, client, project, key_id, error_code, provider_request_id, trace_id)
        SELECT b.tenant_id, b.attempt_id, 1, 'owner', b.day, p_now, p_finished_at, p_duration_ms, p_cost - b.cost_micro_usd, 0, p_input - b.input_tokens,
               p_cache_read - b.cache_read_tokens, p_cache_write - b.cache_write_tokens, p_output - b.output_tokens, p_reasoning - b.reasoning_tokens,
               b.input_price, b.output_price, b.cache_read_price, b.cache_write_price, b.run_id,
               p_estimated, p_result, b.provider, b.model, b.tool, b.client, b.project, b.key_id, p_error_code, p_provider_request_id, p_trace_id
          FROM usage.ledger b
         WHERE b.tenant_id = p_tenant AND b.attempt_id = p_id AND b.correction = 0 AND b.resolution IN ('provider', 'policy', 'manual')
           AND (p_cost, p_input, p_cache_read, p_cache_write, p_output) IS DISTINCT FROM (b.cost_micro_usd, b.input_tokens, b.cache_read_tokens, b.cache_write_tokens, b.output_tokens)
        ON CONFLICT ON CONSTRAINT ledger_pkey DO NOTHING
        RETURNING l.day, l.cost_micro_usd;
    END`,
});

/** Writes the ledger rows of the records i, whose attempts' days and reservations are given; v_unknown says of each whether it had been UNKNOWN. */
const writeLedger = (day: string, reserved: string, resolution: string, from: string): string => `
          INSERT INTO usage.ledger AS l (tenant_id, attempt_id, day, settled_at, finished_at, duration_ms, cost_micro_usd, reserved_micro_usd, input_tokens,
                 cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, input_price, output_price, cache_read_price, cache_write_price, run_id,
                 is_estimated, result, provider, model, tool, client, project, key_id, error_code, provider_request_id, trace_id, resolution)
          SELECT p_tenants[k], p_ids[i], ${day}, p_now, p_finished_at[i], p_duration_ms[i], p_cost[i], ${reserved}, p_input[i],
                 p_cache_read[i], p_cache_write[i], p_output[i], p_reasoning[i], p_input_price[i], p_output_price[i], p_cache_read_price[i], p_cache_write_price[i], p_run_id[i],
                 p_estimated[i], p_result[i], p_provider[i], p_model[i], p_tool[i], p_client[i], p_project[i], p_key_id[i], p_error_code[i], p_provider_request_id[i], p_trace_id[i],
                 ${resolution}
            FROM ${from};`;

const place = 'array_position(v_ids, p_ids[i])';
/** Who settles an attempt that had been UNKNOWN without saying how is its owner. */
const resolutionAt = (index: string): string => `CASE WHEN p_resolution[i] = '' AND v_unknown[${index}] THEN 'owner' ELSE p_resolution[i] END`;

/**
 * usage.settle: books what a batch of attempts really cost, tenant by tenant; each attempt once, however often it is told, except that
 * what was resolved by others than its owner is corrected once by what the owner tells.
 * In: as usage.open_attempts: the records of each tenant stand side by side. The ids of a tenant ascend, and none stands twice.
 * Out: one row for each tenant: how many ledger rows were written, how many of them for model calls that were never opened, how many
 * cost more than was reserved, and by how much altogether; how many corrected what others had resolved.
 */
const SETTLE = batchFunction({
  name: 'settle',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], ${RECORDS}`,
  returns: 'TABLE (tenant_id uuid, records integer, unopened integer, over_reservation integer, over_micro_usd bigint, corrected integer)',
  body: `
    DECLARE
      a integer;
      b integer;
      v_ids uuid[];
      v_days date[];
      v_reserved bigint[];
      v_unknown boolean[];
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
          RETURNING x.id, x.day, x.reserved_micro_usd AS reserved, x.owner, x.unknown_at IS NOT NULL AS was_unknown)
        SELECT coalesce(array_agg(c.id ORDER BY c.id), '{}'), array_agg(c.day ORDER BY c.id), array_agg(c.reserved ORDER BY c.id),
               array_agg(c.was_unknown ORDER BY c.id), count(*) FILTER (WHERE c.owner = '')
          INTO v_ids, v_days, v_reserved, v_unknown, unopened FROM closed c;

        v_tools := 0;
        corrected := 0;
        IF cardinality(v_ids) = b - a + 1 THEN
          ${writeLedger('v_days[i - a + 1]', 'v_reserved[i - a + 1]', resolutionAt('i - a + 1'), 'generate_series(a, b) AS i')}
          v_costs := p_cost[a:b];
        ELSE
          ${writeLedger(`v_days[${place}]`, `v_reserved[${place}]`, resolutionAt(place), 'generate_series(a, b) AS i WHERE p_ids[i] = ANY (v_ids)')}
          ${writeLedger('p_day', '0', 'p_resolution[i]', "generate_series(a, b) AS i WHERE p_tool[i] <> '' ON CONFLICT ON CONSTRAINT ledger_pkey DO NOTHING")}
          GET DIAGNOSTICS v_tools = ROW_COUNT;
          SELECT array_agg(p_cost[i] ORDER BY p_ids[i]) INTO v_costs FROM generate_series(a, b) AS i WHERE p_ids[i] = ANY (v_ids);
          FOR v_group IN
            SELECT c.day, c.cost FROM generate_series(a, b) AS i, LATERAL usage.correct(p_tenants[k], p_now, p_ids[i], p_result[i], p_input[i], p_cache_read[i], p_cache_write[i],
                   p_output[i], p_reasoning[i], p_estimated[i], p_cost[i], p_finished_at[i], p_duration_ms[i], p_error_code[i], p_provider_request_id[i], p_trace_id[i]) AS c
             WHERE p_tool[i] = '' AND p_resolution[i] IN ('', 'owner') AND NOT p_ids[i] = ANY (v_ids)
          LOOP
            corrected := corrected + 1;
            PERFORM usage.book(v_group.day, v_group.cost, 0);
          END LOOP;
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

/**
 * usage.claim_unknown: hands these UNKNOWN attempts to one asker: they are handed out again after p_every milliseconds, twice that, four
 * times ... and never later than after five minutes. Out: those that it got, with how often each was handed out before.
 */
const CLAIM_UNKNOWN = batchFunction({
  name: 'claim_unknown',
  parameters: 'p_every integer, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[]',
  returns: `TABLE (tenant_id uuid, id uuid, provider text, model text, input_price bigint, output_price bigint, cache_read_price bigint, cache_write_price bigint,
    client text, project text, key_id text, run_id uuid, asked integer)`,
  body: `
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        FOR i IN p_first[k] .. p_last[k] LOOP
          RETURN QUERY
            UPDATE usage.attempt x
               SET resolve_after = clock_timestamp() + least(300000, p_every * power(2, least(x.resolutions, 20))) * interval '1 millisecond', resolutions = x.resolutions + 1
             WHERE x.id = p_ids[i] AND x.state = 'unknown' AND coalesce(x.resolve_after, '-infinity') <= clock_timestamp()
            RETURNING x.tenant_id, x.id, x.provider, x.model, x.input_price, x.output_price, x.cache_read_price, x.cache_write_price,
                      x.client, x.project, x.key_id, x.run_id, x.resolutions - 1;
        END LOOP;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});

/**
 * usage.resolve: settles attempts by what is known of them here, without a record of the call.
 * p_resolution \`owner\`: what p_owner never called, at no cost. \`policy\`: what has been UNKNOWN for p_after milliseconds, at what was reserved
 * for it. \`manual\`: what is UNKNOWN, at p_cost. Others are left alone. Out: what was settled.
 */
const RESOLVE = batchFunction({
  name: 'resolve',
  parameters: 'p_now timestamptz, p_resolution text, p_owner text, p_after integer, p_cost bigint, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[]',
  returns: 'TABLE (tenant_id uuid, id uuid, cost bigint)',
  body: `
    DECLARE
      v_attempt usage.attempt%ROWTYPE;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        -- All of the attempts before any budget, as everywhere.
        PERFORM FROM usage.attempt x WHERE x.id = ANY (p_ids[p_first[k]:p_last[k]]) ORDER BY x.id FOR UPDATE;
        FOR i IN p_first[k] .. p_last[k] LOOP
          UPDATE usage.attempt x SET state = 'settled', settled_at = p_now
           WHERE x.id = p_ids[i] AND CASE p_resolution
                   WHEN 'owner' THEN x.state = 'open' AND x.owner = p_owner
                   WHEN 'policy' THEN x.state = 'unknown' AND coalesce(x.unknown_at, x.opened_at) <= clock_timestamp() - p_after * interval '1 millisecond'
                   WHEN 'manual' THEN x.state = 'unknown' END
          RETURNING x.* INTO v_attempt;
          CONTINUE WHEN NOT FOUND;
          tenant_id := p_tenants[k]; id := p_ids[i];
          cost := CASE p_resolution WHEN 'owner' THEN 0 WHEN 'policy' THEN v_attempt.reserved_micro_usd ELSE p_cost END;
          INSERT INTO usage.ledger (tenant_id, attempt_id, day, settled_at, finished_at, duration_ms, cost_micro_usd, reserved_micro_usd, input_tokens,
                 cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, input_price, output_price, cache_read_price, cache_write_price, run_id,
                 is_estimated, result, provider, model, tool, client, project, key_id, error_code, provider_request_id, trace_id, resolution)
          VALUES (p_tenants[k], p_ids[i], v_attempt.day, p_now, p_now, 0, cost, v_attempt.reserved_micro_usd, 0, 0, 0, 0, 0,
                 v_attempt.input_price, v_attempt.output_price, v_attempt.cache_read_price, v_attempt.cache_write_price, v_attempt.run_id,
                 p_resolution <> 'owner', CASE p_resolution WHEN 'owner' THEN 'not_sent' ELSE 'failed' END, v_attempt.provider, v_attempt.model, '',
                 v_attempt.client, v_attempt.project, v_attempt.key_id, CASE p_resolution WHEN 'owner' THEN 'usage_unavailable' ELSE 'attempt_unknown' END, '', '', p_resolution);
          PERFORM usage.book(v_attempt.day, cost, v_attempt.reserved_micro_usd);
          RETURN NEXT;
        END LOOP;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
