import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';
import { arrays, budgetedColumns, listed, pricesOfAttempt, toldColumns, whoseColumns } from './told-columns.js';

/** Attempts are opened with every price and all that says whose they are, and reserve in every budget that is for them. */
export class OpenAttemptsOfBudgets1763600012000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.open_attempts, usage.grant_one_by_one');
    await runner.query(GRANT_ONE_BY_ONE);
    await runner.query(OPEN_ATTEMPTS);
  }

  async down(): Promise<void> {
    throw new Error('what is reserved in budgets below the tenant could not be given back');
  }
}

const whose = whoseColumns.map(([column]) => column);
const priceColumns = toldColumns.filter(([column]) => pricesOfAttempt.includes(column));
const subjectAt = (scope: string): string => `usage.budget_subject(${scope}, ${listed(budgetedColumns, (column) => `p_${column}[i]`)})`;

/** How a refused attempt is answered: the budget, and what is left of it for the one who asked. */
const REFUSAL = 'budget_name text, budget_period text, budget_scope text, budget_subject text, when_reached text, affordable bigint, day date';
const NO_REFUSAL = 'NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::bigint, NULL::date';

/**
 * For attempts that were inserted in this transaction and whose sums, u_total, stand reserved in the uses of budgets, although not all of them
 * can afford it: grants each what the tightest of its budgets has left for it, in their order, and corrects the uses. These are locked.
 * u_left is what each use had before. Only those in u_is_short are looked at: the others can pay for all.
 */
const GRANT_ONE_BY_ONE = batchFunction({
  name: 'grant_one_by_one',
  isInner: true,
  parameters: `p_now timestamptz, p_first integer, p_last integer, p_new uuid[], u_budget uuid[], u_scope text[], u_subject text[], u_left bigint[], u_is_short boolean[],
    p_ids uuid[], p_reserve bigint[], p_fixed bigint[], p_max_output bigint[], p_min_output bigint[], p_dearest_output bigint[], ${arrays(whoseColumns.filter(([column]) => (budgetedColumns as readonly string[]).includes(column)))}`,
  returns: `TABLE (attempt_id uuid, outcome text, granted bigint, ${REFUSAL})`,
  body: `
    DECLARE
      v_budgets usage.budget[] := ARRAY(SELECT (SELECT d FROM usage.budget d WHERE d.id = y.id) FROM unnest(u_budget) WITH ORDINALITY AS y (id, n) ORDER BY y.n);
      v_given_back bigint[] := array_fill(0::bigint, ARRAY[cardinality(u_budget)]);
      v_refuses boolean[] := array_fill(false, ARRAY[cardinality(u_budget)]);
      v_is_its boolean[];
      v_tightest integer;
      v_left bigint;
      v_granted bigint;
      v_cost bigint;
      v_is_enough boolean;
    BEGIN
      FOR i IN p_first .. p_last LOOP
        CONTINUE WHEN NOT p_ids[i] = ANY (p_new);
        v_is_its := ARRAY(SELECT ${subjectAt('u_scope[n]')} = u_subject[n] FROM generate_subscripts(u_budget, 1) AS n ORDER BY n);
        -- A budget of nothing refuses whatever others have left.
        SELECT n INTO v_tightest FROM generate_subscripts(u_budget, 1) AS n
         WHERE u_is_short[n] AND v_is_its[n] AND NOT (v_budgets[n].level = 'critical' AND p_agent[i] = ANY (v_budgets[n].exempt_agents))
         ORDER BY v_budgets[n].limit_micro_usd > 0, u_left[n], n LIMIT 1;
        v_granted := p_max_output[i];
        v_cost := p_reserve[i];
        v_is_enough := true;
        IF v_tightest IS NOT NULL THEN
          v_left := u_left[v_tightest];
          v_is_enough := v_cost <= greatest(v_left, 0);
          IF NOT v_is_enough AND p_dearest_output[i] > 0 AND p_fixed[i] <= v_left::numeric * 1000000 THEN
            v_granted := least(v_granted, div(v_left::numeric * 1000000 - p_fixed[i], p_dearest_output[i])::bigint);
            v_cost := div(p_fixed[i] + v_granted::numeric * p_dearest_output[i] + 999999, 1000000)::bigint;
            v_is_enough := v_granted >= least(p_max_output[i], greatest(p_min_output[i], 1));
          END IF;
          v_is_enough := v_is_enough AND v_budgets[v_tightest].limit_micro_usd > 0;
        END IF;
        IF v_is_enough THEN
          IF v_granted < p_max_output[i] THEN
            UPDATE usage.attempt a SET reserved_micro_usd = v_cost, granted_output_tokens = v_granted WHERE a.id = p_ids[i];
          END IF;
          RETURN QUERY SELECT p_ids[i], 'opened', v_granted, ${NO_REFUSAL};
        ELSE
          v_cost := 0;
          v_refuses[v_tightest] := true;
          RETURN QUERY UPDATE usage.attempt a
             SET state = 'refused', settled_at = p_now, reserved_micro_usd = 0, granted_output_tokens = 0, refused_by = u_budget[v_tightest], refused_subject = u_subject[v_tightest]
           WHERE a.id = p_ids[i] RETURNING a.id, 'refused', 0::bigint, v_budgets[v_tightest].name, v_budgets[v_tightest].period, u_scope[v_tightest], u_subject[v_tightest],
                 v_budgets[v_tightest].when_reached, greatest(v_left, 0), a.day;
        END IF;
        FOR n IN 1 .. cardinality(u_budget) LOOP
          CONTINUE WHEN NOT v_is_its[n];
          u_left[n] := u_left[n] - v_cost;
          v_given_back[n] := v_given_back[n] + p_reserve[i] - v_cost;
        END LOOP;
      END LOOP;
      FOR n IN 1 .. cardinality(u_budget) LOOP
        IF v_given_back[n] <> 0 THEN
          UPDATE usage.budget_use u SET reserved_micro_usd = u.reserved_micro_usd - v_given_back[n] WHERE u.budget_id = u_budget[n] AND u.subject = u_subject[n];
        END IF;
        IF v_refuses[n] THEN
          PERFORM usage.reach(p_now, u_budget[n], u_subject[n]);
        END IF;
      END LOOP;
    END`,
});

/** What follows on an attempt that is there already: v_existing has its id and the owner who asks now. */
const ASKED_AGAIN = `
            SELECT x.owner INTO held_by FROM usage.attempt x WHERE x.id = v_existing.id;
            IF held_by = v_existing.owner THEN
              held_by := '';
            ELSIF NOT usage.is_alive(held_by, p_tenants[k]) THEN
              held_by := '';
              -- Its owner is gone, and may have called the provider: the reservation stays until somebody knows.
              UPDATE usage.attempt x SET state = 'unknown', unknown_at = clock_timestamp(), resolve_after = clock_timestamp()
               WHERE x.id = v_existing.id AND x.state = 'open' AND x.owner <> v_existing.owner;
            END IF;
            RETURN QUERY SELECT x.id, CASE x.state WHEN 'open' THEN 'in_flight' ELSE x.state END, x.granted_output_tokens, g.name, g.period, g.scope, x.refused_subject,
                   g.when_reached, greatest(g.limit_micro_usd - u.spent_micro_usd - u.reserved_micro_usd, 0), x.day, held_by, x.result
              FROM usage.attempt x LEFT JOIN usage.budget g ON g.id = x.refused_by
              LEFT JOIN usage.budget_use u ON u.budget_id = x.refused_by AND u.subject = x.refused_subject WHERE x.id = v_existing.id;`;

const INSERT_ATTEMPTS = `
          INSERT INTO usage.attempt AS x (tenant_id, id, state, day, opened_at, reserved_micro_usd, granted_output_tokens, owner, provider, model, ${listed([...whose, ...pricesOfAttempt])})
          SELECT p_tenants[k], p_ids[i], 'open', p_day, p_now, p_reserve[i], p_max_output[i], p_owner[i], p_provider[i], p_model[i],
                 ${listed([...whose, ...pricesOfAttempt], (column) => `p_${column}[i]`)}
            FROM generate_series(a, b) AS i ORDER BY p_ids[i]`;

/**
 * usage.open_attempts: inserts a batch of attempts and reserves their worst cost, tenant by tenant.
 * In: the attempts of each tenant stand side by side, those of p_tenants[k] from p_first[k] to p_last[k], in the order in which a
 * budget that does not last for all serves them. p_fixed is the price of the input in micro-USD * 1,000,000, p_reserve the worst
 * cost in micro-USD, p_dearest_output the dearest price that output can have. No id stands twice.
 * Out: for each tenant one row with attempt_id NULL, which counts in \`granted\` the attempts that were opened as asked; and one row
 * for every other attempt: opened with fewer tokens, in_flight, settled, unknown, or refused with the budget that could not pay.
 */
const OPEN_ATTEMPTS = batchFunction({
  name: 'open_attempts',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[], p_owner text[], p_provider text[], p_model text[],
    p_reserve bigint[], p_fixed bigint[], p_max_output bigint[], p_min_output bigint[], p_dearest_output bigint[], ${arrays(whoseColumns)}, ${arrays(priceColumns)}`,
  returns: `TABLE (attempt_id uuid, outcome text, granted bigint, ${REFUSAL}, held_by text, result text)`,
  body: `
    DECLARE
      a integer;
      b integer;
      v_new uuid[];
      v_is_all_new boolean;
      v_day date;
      v_id uuid;
      u_budget uuid[];
      u_scope text[];
      u_subject text[];
      u_total bigint[];
      u_limit bigint[];
      u_period text[];
      u_binds boolean[];
      u_left bigint[];
      u_is_short boolean[];
      v_latest date;
      v_used bigint;
      v_window date;
      v_existing record;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        a := p_first[k];
        b := p_last[k];
        v_day := p_day;
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        -- In the order of ids, so that two batches never wait for each other in a circle; attempts before budgets, as everywhere. Most batches
        -- are all new: looking for each id before it is inserted would read the index twice.
        BEGIN
          ${INSERT_ATTEMPTS};
          v_new := p_ids[a:b];
        EXCEPTION WHEN unique_violation THEN
          WITH inserted AS (${INSERT_ATTEMPTS} ON CONFLICT ON CONSTRAINT attempt_pkey DO NOTHING RETURNING x.id)
          SELECT coalesce(array_agg(x.id), '{}') INTO v_new FROM inserted x;
        END;
        v_is_all_new := cardinality(v_new) = b - a + 1;

        u_is_short := '{}';
        IF cardinality(v_new) > 0 THEN
          -- The uses that pay, in the order in which everybody locks them.
          SELECT coalesce(array_agg(m.id ORDER BY m.id, m.subject), '{}'), array_agg(m.scope ORDER BY m.id, m.subject), array_agg(m.subject ORDER BY m.id, m.subject),
                 array_agg(m.total ORDER BY m.id, m.subject), array_agg(m.limit_micro_usd ORDER BY m.id, m.subject), array_agg(m.period ORDER BY m.id, m.subject),
                 array_agg(m.binds ORDER BY m.id, m.subject), max(u.window_start)
            INTO u_budget, u_scope, u_subject, u_total, u_limit, u_period, u_binds, v_latest
            FROM (SELECT d.id, d.scope, s.subject, d.limit_micro_usd, d.period, d.level = 'hard' OR (d.level = 'critical' AND coalesce(d.lifted_until <= p_now, true)) AS binds,
                         sum(p_reserve[i])::bigint AS total
                    FROM usage.budget d CROSS JOIN generate_series(a, b) AS i CROSS JOIN LATERAL (SELECT ${subjectAt('d.scope')} AS subject) s
                   WHERE (s.subject = d.subject OR (d.subject = '*' AND s.subject <> '')) AND (v_is_all_new OR p_ids[i] = ANY (v_new))
                   GROUP BY d.id, d.scope, s.subject, d.limit_micro_usd, d.period, d.level, d.lifted_until) m
            LEFT JOIN usage.budget_use u ON u.budget_id = m.id AND u.subject = m.subject;
          IF v_latest > v_day THEN
            -- Another clock is ahead: what its day has begun to pay for is paid for by that day.
            v_day := v_latest;
            FOREACH v_id IN ARRAY v_new LOOP
              UPDATE usage.attempt x SET day = v_day WHERE x.id = v_id;
            END LOOP;
          END IF;
          u_left := '{}';
          FOR n IN 1 .. cardinality(u_budget) LOOP
            INSERT INTO usage.budget_use AS u (tenant_id, budget_id, subject, window_start, spent_micro_usd, reserved_micro_usd)
            VALUES (p_tenants[k], u_budget[n], u_subject[n], usage.window_start(u_period[n], v_day), 0, u_total[n])
            ON CONFLICT ON CONSTRAINT budget_use_pkey DO UPDATE
               SET spent_micro_usd = CASE WHEN u.window_start < excluded.window_start THEN 0 ELSE u.spent_micro_usd END,
                   reserved_micro_usd = CASE WHEN u.window_start < excluded.window_start THEN 0 ELSE u.reserved_micro_usd END + u_total[n],
                   reached_at = CASE WHEN u.window_start < excluded.window_start THEN NULL ELSE u.reached_at END,
                   window_start = greatest(u.window_start, excluded.window_start)
            RETURNING u.spent_micro_usd + u.reserved_micro_usd, u.window_start INTO v_used, v_window;
            IF v_window > usage.window_start(u_period[n], v_day) THEN
              RAISE EXCEPTION 'a budget began its next window meanwhile' USING ERRCODE = 'serialization_failure';
            END IF;
            u_is_short := u_is_short || (u_binds[n] AND (v_used > u_limit[n] OR u_limit[n] = 0));
            u_left := u_left || (u_limit[n] - v_used + u_total[n]);
          END LOOP;
        END IF;

        IF true = ANY (u_is_short) THEN
          RETURN QUERY SELECT *, NULL::text, NULL::text FROM usage.grant_one_by_one(p_now, a, b, v_new, u_budget, u_scope, u_subject, u_left, u_is_short,
            p_ids, p_reserve, p_fixed, p_max_output, p_min_output, p_dearest_output, ${listed(whose.filter((column) => (budgetedColumns as readonly string[]).includes(column)), (column) => `p_${column}`)});
        ELSE
          attempt_id := NULL; outcome := 'opened'; granted := cardinality(v_new);
          budget_name := NULL; budget_period := NULL; budget_scope := NULL; budget_subject := NULL; when_reached := NULL; affordable := NULL; day := NULL; held_by := NULL; result := NULL;
          RETURN NEXT;
        END IF;

        IF NOT v_is_all_new THEN
          FOR v_existing IN SELECT p_ids[i] AS id, p_owner[i] AS owner FROM generate_series(a, b) AS i WHERE NOT p_ids[i] = ANY (v_new) ORDER BY 1 LOOP
            ${ASKED_AGAIN}
          END LOOP;
        END IF;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
