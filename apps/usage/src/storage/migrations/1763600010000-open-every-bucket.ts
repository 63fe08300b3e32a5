import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';
import { arrays, listed, pricesOfAttempt, toldColumns, whoseColumns } from './told-columns.js';

/** Attempts are opened with every price and with all that says whose they are; who asks again is told how they ended. */
export class OpenEveryBucket1763600010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.open_attempts, usage.claim_unknown');
    await runner.query(OPEN_ATTEMPTS);
    await runner.query(CLAIM_UNKNOWN);
  }

  async down(): Promise<void> {
    throw new Error('what the buckets hold has no place in the ledger as it was');
  }
}

const whose = whoseColumns.map(([column]) => column);
const priceColumns = toldColumns.filter(([column]) => pricesOfAttempt.includes(column));

const OPEN_ATTEMPTS = batchFunction({
  name: 'open_attempts',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[], p_owner text[], p_provider text[], p_model text[],
    p_reserve bigint[], p_fixed bigint[], p_max_output bigint[], p_min_output bigint[], p_dearest_output bigint[], ${arrays(whoseColumns)}, ${arrays(priceColumns)}`,
  returns: `TABLE (attempt_id uuid, outcome text, granted bigint, budget_name text, budget_period text, day date, held_by text, result text)`,
  body: `
    DECLARE
      a integer;
      b integer;
      v_new uuid[];
      v_total bigint;
      v_day date;
      v_id uuid;
      v_budgets uuid[];
      v_budget uuid;
      v_latest date;
      v_period text;
      v_window date;
      v_fits boolean;
      v_all_fit boolean;
      v_existing record;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        a := p_first[k];
        b := p_last[k];
        v_day := p_day;
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        -- In the order of ids, so that two batches never wait for each other in a circle; attempts before budgets, as everywhere.
        WITH inserted AS (
          INSERT INTO usage.attempt AS x (tenant_id, id, state, day, opened_at, reserved_micro_usd, granted_output_tokens, owner, provider, model,
                 ${listed([...whose, ...pricesOfAttempt])})
          SELECT p_tenants[k], p_ids[i], 'open', p_day, p_now, p_reserve[i], p_max_output[i], p_owner[i], p_provider[i], p_model[i],
                 ${listed([...whose, ...pricesOfAttempt], (column) => `p_${column}[i]`)}
            FROM generate_series(a, b) AS i
           ORDER BY p_ids[i]
          ON CONFLICT ON CONSTRAINT attempt_pkey DO NOTHING
          RETURNING x.id, x.reserved_micro_usd)
        SELECT coalesce(array_agg(x.id), '{}'), coalesce(sum(x.reserved_micro_usd), 0)::bigint INTO v_new, v_total FROM inserted x;

        v_all_fit := true;
        IF cardinality(v_new) > 0 THEN
          SELECT array_agg(x.id ORDER BY x.id), max(x.window_start) INTO v_budgets, v_latest FROM usage.budget x;
          IF v_latest > v_day THEN
            -- Another clock is ahead: what its day has begun to pay for is paid for by that day.
            v_day := v_latest;
            FOREACH v_id IN ARRAY v_new LOOP
              UPDATE usage.attempt x SET day = v_day WHERE x.id = v_id;
            END LOOP;
          END IF;
          FOREACH v_budget IN ARRAY coalesce(v_budgets, '{}') LOOP
            UPDATE usage.budget x
               SET spent_micro_usd = CASE WHEN x.window_start < usage.window_start(x.period, v_day) THEN 0 ELSE x.spent_micro_usd END,
                   reserved_micro_usd = CASE WHEN x.window_start < usage.window_start(x.period, v_day) THEN 0 ELSE x.reserved_micro_usd END + v_total,
                   window_start = greatest(x.window_start, usage.window_start(x.period, v_day))
             WHERE x.id = v_budget
            RETURNING x.spent_micro_usd + x.reserved_micro_usd <= x.limit_micro_usd AND x.limit_micro_usd > 0, x.period, x.window_start
              INTO v_fits, v_period, v_window;
            IF v_window > usage.window_start(v_period, v_day) THEN
              RAISE EXCEPTION 'a budget began its next window meanwhile' USING ERRCODE = 'serialization_failure';
            END IF;
            v_all_fit := v_all_fit AND v_fits;
          END LOOP;
        END IF;

        IF v_all_fit THEN
          attempt_id := NULL; outcome := 'opened'; granted := cardinality(v_new); budget_name := NULL; budget_period := NULL; day := NULL;
          RETURN NEXT;
        ELSE
          RETURN QUERY SELECT *, NULL::text, NULL::text FROM usage.grant_one_by_one(a, b, v_new, v_total, p_ids, p_reserve, p_fixed, p_max_output, p_min_output, p_dearest_output);
        END IF;

        IF cardinality(v_new) < b - a + 1 THEN
          FOR v_existing IN SELECT p_ids[i] AS id, p_owner[i] AS owner FROM generate_series(a, b) AS i WHERE NOT p_ids[i] = ANY (v_new) ORDER BY 1 LOOP
            SELECT x.owner INTO held_by FROM usage.attempt x WHERE x.id = v_existing.id;
            IF held_by = v_existing.owner THEN
              held_by := '';
            ELSIF NOT usage.is_alive(held_by, p_tenants[k]) THEN
              held_by := '';
              -- Its owner is gone, and may have called the provider: the reservation stays until somebody knows.
              UPDATE usage.attempt x SET state = 'unknown', unknown_at = clock_timestamp(), resolve_after = clock_timestamp()
               WHERE x.id = v_existing.id AND x.state = 'open' AND x.owner <> v_existing.owner;
            END IF;
            RETURN QUERY SELECT x.id, CASE x.state WHEN 'open' THEN 'in_flight' ELSE x.state END, x.granted_output_tokens, g.name, g.period, x.day, held_by, x.result
              FROM usage.attempt x LEFT JOIN usage.budget g ON g.id = x.refused_by WHERE x.id = v_existing.id;          END LOOP;
        END IF;
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
  returns: `TABLE (tenant_id uuid, id uuid, provider text, model text, asked integer, ${listed([...whoseColumns, ...priceColumns].map((pair) => pair.join(' ')))})`,
  body: `
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        FOR i IN p_first[k] .. p_last[k] LOOP
          RETURN QUERY
            UPDATE usage.attempt x
               SET resolve_after = clock_timestamp() + least(300000, p_every * power(2, least(x.resolutions, 20))) * interval '1 millisecond', resolutions = x.resolutions + 1
             WHERE x.id = p_ids[i] AND x.state = 'unknown' AND coalesce(x.resolve_after, '-infinity') <= clock_timestamp()
            RETURNING x.tenant_id, x.id, x.provider, x.model, x.resolutions - 1, ${listed([...whose, ...priceColumns.map(([column]) => column)], (column) => `x.${column}`)};
        END LOOP;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
