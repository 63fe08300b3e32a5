import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';

/**
 * usage.open_attempts: inserts a batch of attempts and reserves their worst cost, tenant by tenant.
 * In: the attempts of each tenant stand side by side, those of p_tenants[k] from p_first[k] to p_last[k], in the order in which a
 * budget that does not last for all serves them. p_fixed is the price of the input in micro-USD * 1,000,000, p_reserve the worst
 * cost in micro-USD. No id stands twice.
 * Out: for each tenant one row with attempt_id NULL, which counts in `granted` the attempts that were opened as asked; and one row
 * for every other attempt: opened with fewer tokens, in_flight, settled, unknown, or refused with the budget that could not pay.
 */
export class OpenAttempts1763600002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(GRANT_ONE_BY_ONE);
    await runner.query(openAttempts(UNKNOWN_TO_OTHERS));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.open_attempts, usage.grant_one_by_one');
  }
}

/**
 * For attempts that were inserted in this transaction and whose sum, p_total, stands reserved in every budget of the tenant although
 * not all can afford it: grants each what is left for it, in their order, and corrects the budgets. The budgets' rows are locked.
 */
const GRANT_ONE_BY_ONE = batchFunction({
  name: 'grant_one_by_one',
  isInner: true,
  parameters: 'p_first integer, p_last integer, p_new uuid[], p_total bigint, p_ids uuid[], p_reserve bigint[], p_fixed bigint[], p_max_output bigint[], p_min_output bigint[], p_output_price bigint[]',
  returns: 'TABLE (attempt_id uuid, outcome text, granted bigint, budget_name text, budget_period text, day date)',
  body: `
    DECLARE
      v_tightest record;
      v_left bigint;
      v_granted_total bigint := 0;
      v_granted bigint;
      v_cost bigint;
      v_is_enough boolean;
    BEGIN
      SELECT b.id, b.name, b.period, b.limit_micro_usd, b.limit_micro_usd - b.spent_micro_usd - b.reserved_micro_usd + p_total AS left_over
        INTO v_tightest FROM usage.budget b ORDER BY b.limit_micro_usd > 0, left_over, b.id LIMIT 1;
      v_left := v_tightest.left_over;
      FOR i IN p_first .. p_last LOOP
        CONTINUE WHEN NOT p_ids[i] = ANY (p_new);
        v_granted := p_max_output[i];
        v_cost := p_reserve[i];
        v_is_enough := v_cost <= greatest(v_left, 0);
        IF NOT v_is_enough AND p_output_price[i] > 0 AND p_fixed[i] <= v_left::numeric * 1000000 THEN
          v_granted := least(v_granted, div(v_left::numeric * 1000000 - p_fixed[i], p_output_price[i])::bigint);
          v_cost := div(p_fixed[i] + v_granted::numeric * p_output_price[i] + 999999, 1000000)::bigint;
          v_is_enough := v_granted >= least(p_max_output[i], greatest(p_min_output[i], 1));
        END IF;
        IF v_is_enough AND v_tightest.limit_micro_usd > 0 THEN
          v_left := v_left - v_cost;
          v_granted_total := v_granted_total + v_cost;
          IF v_granted < p_max_output[i] THEN
            UPDATE usage.attempt a SET reserved_micro_usd = v_cost, granted_output_tokens = v_granted WHERE a.id = p_ids[i];
          END IF;
          RETURN QUERY SELECT p_ids[i], 'opened', v_granted, NULL::text, NULL::text, NULL::date;
        ELSE
          RETURN QUERY UPDATE usage.attempt a
             SET state = 'refused', reserved_micro_usd = 0, granted_output_tokens = 0, refused_by = v_tightest.id
           WHERE a.id = p_ids[i] RETURNING a.id, 'refused', 0::bigint, v_tightest.name, v_tightest.period, a.day;
        END IF;
      END LOOP;
      UPDATE usage.budget b SET reserved_micro_usd = b.reserved_micro_usd - p_total + v_granted_total;
    END`,
});

/** What follows on an attempt that is there already: v_existing has its id and the owner who asks now. */
interface AskedAgain {
  readonly statements: string;
  /** Further columns of the answer, as in SQL, and their values for attempts that are new. */
  readonly columns: string;
  readonly none: string;
}

const UNKNOWN_TO_OTHERS: AskedAgain = {
  columns: '',
  none: '',
  statements: `
            -- Its owner is gone, and may have called the provider: the reservation stays until somebody knows.
            UPDATE usage.attempt x SET state = 'unknown' WHERE x.id = v_existing.id AND x.state = 'open' AND x.owner <> v_existing.owner;
            RETURN QUERY SELECT x.id, CASE x.state WHEN 'open' THEN 'in_flight' ELSE x.state END, x.granted_output_tokens, g.name, g.period, x.day
              FROM usage.attempt x LEFT JOIN usage.budget g ON g.id = x.refused_by WHERE x.id = v_existing.id;`,
};

export const openAttempts = ({ statements, columns, none }: AskedAgain): string => batchFunction({
  name: 'open_attempts',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[], p_owner text[], p_provider text[], p_model text[],
    p_client text[], p_project text[], p_key_id text[], p_run_id uuid[], p_step integer[], p_reserve bigint[], p_fixed bigint[], p_max_output bigint[],
    p_min_output bigint[], p_input_price bigint[], p_output_price bigint[], p_cache_read_price bigint[], p_cache_write_price bigint[]`,
  returns: `TABLE (attempt_id uuid, outcome text, granted bigint, budget_name text, budget_period text, day date${columns})`,
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
          INSERT INTO usage.attempt AS x (tenant_id, id, state, day, opened_at, reserved_micro_usd, granted_output_tokens, input_price, output_price,
                 cache_read_price, cache_write_price, run_id, step, owner, provider, model, client, project, key_id)
          SELECT p_tenants[k], p_ids[i], 'open', p_day, p_now, p_reserve[i], p_max_output[i], p_input_price[i], p_output_price[i],
                 p_cache_read_price[i], p_cache_write_price[i], p_run_id[i], p_step[i], p_owner[i], p_provider[i], p_model[i], p_client[i], p_project[i], p_key_id[i]
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
          RETURN QUERY SELECT *${none} FROM usage.grant_one_by_one(a, b, v_new, v_total, p_ids, p_reserve, p_fixed, p_max_output, p_min_output, p_output_price);
        END IF;

        IF cardinality(v_new) < b - a + 1 THEN
          FOR v_existing IN SELECT p_ids[i] AS id, p_owner[i] AS owner FROM generate_series(a, b) AS i WHERE NOT p_ids[i] = ANY (v_new) ORDER BY 1 LOOP
            ${statements}
          END LOOP;
        END IF;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
