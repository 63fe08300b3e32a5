import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';
import { arrays, budgetedColumns, countedColumns, listed, pricesOfAttempt, toldColumns, whoseColumns } from './told-columns.js';

/** Settles with every bucket, by entry. What an attempt was opened with (whose it is, its run) stands; what its record says of that counts only when it never was. */
export class SettleEveryBucket1763600009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.settle, usage.correct, usage.resolve');
    await runner.query(ENTRY_OF);
    await runner.query(SETTLE);
    await runner.query(RESOLVE);
  }

  async down(): Promise<void> {
    throw new Error('what the buckets hold has no place in the ledger as it was');
  }
}

const told = toldColumns.map(([column]) => column);
const whose = whoseColumns.map(([column]) => column);
/** What a correction takes over from the entry that it corrects, and what it tells anew besides the figures. */
const KEPT = ['provider', 'model', 'tool', 'requested', 'route', ...pricesOfAttempt];
const NEWS = told.filter((column) => !KEPT.includes(column) && !countedColumns.includes(column));

/** The entry of an attempt or an execution whose own row is gone. Not for what may be recent: it reads the filters of the whole ledger. */
const ENTRY_OF = batchFunction({
  name: 'entry_of',
  hasBitmaps: true,
  parameters: 'p_id uuid',
  returns: 'TABLE (day date, entry bigint, result text, corrected_by bigint)',
  body: `
    BEGIN
      RETURN QUERY SELECT min(l.day), min(l.entry) FILTER (WHERE l.correction = 0), (array_agg(l.result ORDER BY l.correction DESC))[1], min(l.entry) FILTER (WHERE l.correction = 1)
        FROM usage.ledger l WHERE l.attempt_id = p_id HAVING count(*) > 0;
    END`,
});

const OF_ATTEMPT = ['entry', 'day', 'opened_at', ...whose];
const types: Readonly<Record<string, string>> = { entry: 'bigint', day: 'date', opened_at: 'timestamptz', ...Object.fromEntries(whoseColumns) };
/** Arrays of what was closed, one element for each attempt. */
const CLOSED = ['ids', 'reserved', 'unknown', ...OF_ATTEMPT];

/** Writes the ledger rows of the records at the places `c.i`; `given` says what the record itself does not. */
const writeLedger = (given: Readonly<Record<string, string>>, from: string): string => `
          INSERT INTO usage.ledger (tenant_id, settled_at, correction, ${listed(Object.keys(given))}, ${listed(told)})
          SELECT p_tenants[k], p_now, 0, ${listed(Object.values(given))}, ${listed(told, (column) => `p_${column}[c.i]`)}
            FROM ${from};`;

const OF_CLOSED = writeLedger(
  {
    attempt_id: 'c.ids', reserved_micro_usd: 'c.reserved', ...Object.fromEntries(OF_ATTEMPT.map((column) => [column, `c.${column}`])),
    // Who settles an attempt that had been UNKNOWN without saying how is its owner.
    resolution: "CASE WHEN p_resolution[c.i] = '' AND c.unknown THEN 'owner' ELSE p_resolution[c.i] END",
  },
  `unnest(v_places, ${listed(CLOSED, (name) => `v_${name}`)}) AS c (i, ${listed(CLOSED)})`,
);
const OF_TOOLS = writeLedger(
  {
    attempt_id: 'p_ids[c.i]', reserved_micro_usd: '0', entry: "nextval('usage.ledger_entry')", day: 'p_day', resolution: 'p_resolution[c.i]',
    opened_at: "p_finished_at[c.i] - p_duration_ms[c.i] * interval '1 millisecond'", ...Object.fromEntries(whose.map((column) => [column, `p_${column}[c.i]`])),
  },
  'unnest(v_tools) AS c (i)',
);

/** Adds one to what is booked: `of` says which column. */
const alsoBook = (id: string, day: string, cost: string, over: string, of: (column: string) => string): string => `
            v_ids := v_ids || ${id}; v_day := v_day || ${day}; v_costs := v_costs || ${cost}; v_reserved := v_reserved || 0::bigint; v_over := v_over || ${over};
            ${budgetedColumns.map((column) => `v_${column} := v_${column} || ${of(column)};`).join(' ')}`;

/** What is added to a cost is set aside by nobody any more, and so counts as a cost above its reservation. */
const CORRECT = `
          FOR v_i IN SELECT i FROM generate_series(a, b) AS i WHERE p_tool[i] = '' AND p_resolution[i] IN ('', 'owner') AND NOT p_ids[i] = ANY (v_ids) LOOP
            SELECT l.* INTO v_base FROM usage.attempt x JOIN usage.ledger l ON l.day = x.day AND l.entry = x.entry
             WHERE x.id = p_ids[v_i] AND x.corrected_by IS NULL AND l.resolution IN ('provider', 'policy', 'manual');
            CONTINUE WHEN NOT FOUND OR (${listed(countedColumns, (column) => `v_base.${column}`)}) = (${listed(countedColumns, (column) => `p_${column}[v_i]`)});
            UPDATE usage.attempt x SET corrected_by = nextval('usage.ledger_entry'), result = p_result[v_i] WHERE x.id = p_ids[v_i] RETURNING x.corrected_by INTO v_entry_of_correction;
            INSERT INTO usage.ledger (tenant_id, attempt_id, entry, correction, resolution, day, opened_at, settled_at, reserved_micro_usd, ${listed([...whose, ...KEPT, ...NEWS, ...countedColumns])})
            VALUES (p_tenants[k], p_ids[v_i], v_entry_of_correction, 1, 'owner', v_base.day, v_base.opened_at, p_now, 0,
                   ${listed([...whose, ...KEPT], (column) => `v_base.${column}`)}, ${listed(NEWS, (column) => `p_${column}[v_i]`)}, ${listed(countedColumns, (column) => `p_${column}[v_i] - v_base.${column}`)});
            corrected := corrected + 1;
            ${alsoBook('p_ids[v_i]', 'v_base.day', '(p_cost_micro_usd[v_i] - v_base.cost_micro_usd)', 'greatest(p_cost_micro_usd[v_i] - v_base.cost_micro_usd, 0)', (column) => `v_base.${column}`)}
          END LOOP;`;

/**
 * usage.settle: books what a batch of attempts really cost, tenant by tenant; each attempt once, however often it is told, except that
 * what was resolved by others than its owner is corrected once by what the owner tells.
 * In: as usage.open_attempts: the records of each tenant stand side by side. The ids of a tenant ascend, and none stands twice.
 * Out: one row for each tenant: how many ledger rows were written, how many of them for model calls that were never opened, how many
 * cost more than was reserved, and by how much altogether; how many corrected what others had resolved.
 */
const SETTLE = batchFunction({
  name: 'settle',
  parameters: `p_now timestamptz, p_day date, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[], p_resolution text[], ${arrays(whoseColumns)}, ${arrays(toldColumns)}`,
  returns: 'TABLE (tenant_id uuid, records integer, unopened integer, over_reservation integer, over_micro_usd bigint, corrected integer)',
  body: `
    DECLARE
      a integer;
      b integer;
      v_ids uuid[];
      v_places integer[];
      v_reserved bigint[];
      v_unknown boolean[];
      ${OF_ATTEMPT.map((column) => `v_${column} ${types[column]}[];`).join(' ')}
      v_costs bigint[];
      v_over bigint[];
      v_new uuid[];
      v_gone uuid[];
      v_late record;
      v_tools integer[];
      v_i integer;
      v_base usage.ledger;
      v_entry_of_correction bigint;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        a := p_first[k];
        b := p_last[k];
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        -- Closes what is open. An upsert finds each row by its key, whatever the planner believes about the table; a model call that was
        -- never opened is made here, settled, so that it can never be. Tools have no attempt.
        WITH closed AS (
          INSERT INTO usage.attempt AS x (tenant_id, id, state, day, opened_at, settled_at, reserved_micro_usd, granted_output_tokens, owner, provider, model, result, entry,
                 ${listed([...whose, ...pricesOfAttempt])})
          SELECT p_tenants[k], p_ids[i], 'settled', p_day, p_now, p_now, 0, 0, '', p_provider[i], p_model[i], p_result[i], nextval('usage.ledger_entry'),
                 ${listed([...whose, ...pricesOfAttempt], (column) => `p_${column}[i]`)}
            FROM generate_series(a, b) AS i WHERE p_tool[i] = ''
          ON CONFLICT ON CONSTRAINT attempt_pkey DO UPDATE SET state = 'settled', settled_at = p_now, result = excluded.result, entry = excluded.entry WHERE x.state <> 'settled'
          RETURNING x.id, x.reserved_micro_usd AS reserved, x.unknown_at IS NOT NULL AS was_unknown, x.owner, ${listed(OF_ATTEMPT, (column) => `x.${column}`)})
        SELECT coalesce(array_agg(c.id ORDER BY c.id), '{}'), coalesce(array_agg(c.reserved ORDER BY c.id), '{}'), coalesce(array_agg(c.was_unknown ORDER BY c.id), '{}'),
               coalesce(array_agg(c.id) FILTER (WHERE c.owner = ''), '{}'), ${listed(OF_ATTEMPT, (column) => `coalesce(array_agg(c.${column} ORDER BY c.id), '{}')`)}
          INTO v_ids, v_reserved, v_unknown, v_new, ${listed(OF_ATTEMPT, (column) => `v_${column}`)} FROM closed c;

        v_gone := '{}';
        IF cardinality(v_new) > 0 THEN
          -- What was never opened and ended long ago may be an attempt whose row is gone: then it is no news.
          FOR v_late IN SELECT n.id, f.day, f.entry, f.result, f.corrected_by
                 FROM (SELECT y.id FROM unnest(v_new) AS y (id) WHERE p_finished_at[array_position(p_ids, y.id, a)] < p_now - interval '1 day' OFFSET 0) n, LATERAL usage.entry_of(n.id) AS f LOOP
            UPDATE usage.attempt x SET day = v_late.day, entry = v_late.entry, result = v_late.result, corrected_by = v_late.corrected_by WHERE x.id = v_late.id;
            v_gone := v_gone || v_late.id;
          END LOOP;
          IF cardinality(v_gone) > 0 THEN
            SELECT ${listed(CLOSED, (name) => `coalesce(array_agg(c.${name} ORDER BY c.ids), '{}')`)} INTO ${listed(CLOSED, (name) => `v_${name}`)}
              FROM unnest(${listed(CLOSED, (name) => `v_${name}`)}) AS c (${listed(CLOSED)}) WHERE NOT c.ids = ANY (v_gone);
          END IF;
        END IF;

        v_tools := '{}';
        corrected := 0;
        IF cardinality(v_ids) = b - a + 1 THEN
          v_places := ARRAY(SELECT generate_series(a, b));
        ELSE
          v_places := ARRAY(SELECT array_position(p_ids, c.id, a) FROM unnest(v_ids) WITH ORDINALITY AS c (id, n) ORDER BY c.n);
          WITH executed AS (
            INSERT INTO usage.tool_execution AS x (tenant_id, id, settled_at) SELECT p_tenants[k], p_ids[i], p_now FROM generate_series(a, b) AS i WHERE p_tool[i] <> ''
                AND CASE WHEN p_finished_at[i] < p_now - interval '1 day' THEN NOT EXISTS (SELECT FROM usage.entry_of(p_ids[i])) ELSE true END
            ON CONFLICT ON CONSTRAINT tool_execution_pkey DO NOTHING RETURNING x.id)
          SELECT coalesce(array_agg(array_position(p_ids, e.id, a)), '{}') INTO v_tools FROM executed e;
        END IF;
        ${OF_CLOSED}
        v_costs := ARRAY(SELECT p_cost_micro_usd[c.i] FROM unnest(v_places) WITH ORDINALITY AS c (i, n) ORDER BY c.n);
        v_over := ARRAY(SELECT greatest(c.cost - c.reserved, 0) FROM unnest(v_costs, v_reserved) WITH ORDINALITY AS c (cost, reserved, n) ORDER BY c.n);
        tenant_id := p_tenants[k]; records := cardinality(v_ids) + cardinality(v_tools); unopened := cardinality(v_new) - cardinality(v_gone);
        IF cardinality(v_ids) < b - a + 1 THEN
          ${OF_TOOLS}
          FOREACH v_i IN ARRAY v_tools LOOP
            CONTINUE WHEN p_cost_micro_usd[v_i] = 0;
            ${alsoBook('p_ids[v_i]', 'p_day', 'p_cost_micro_usd[v_i]', '0::bigint', (column) => `p_${column}[v_i]`)}
          END LOOP;
          ${CORRECT}
        END IF;
        SELECT count(*) FILTER (WHERE y.over > 0), coalesce(sum(y.over), 0) INTO over_reservation, over_micro_usd FROM unnest(v_over) AS y (over);
        PERFORM usage.book(p_tenants[k], p_now, v_ids, v_day, v_costs, v_reserved, v_over, ${listed(budgetedColumns, (column) => `v_${column}`)});
        RETURN NEXT;
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
      v_attempt usage.attempt;
      v_attempts usage.attempt[];
      v_costs bigint[];
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        PERFORM pg_advisory_xact_lock_shared(usage.tenant_lock(p_tenants[k]));
        v_attempts := '{}';
        v_costs := '{}';
        -- All of the attempts before any budget, as everywhere.
        PERFORM FROM usage.attempt x WHERE x.id = ANY (p_ids[p_first[k]:p_last[k]]) ORDER BY x.id FOR UPDATE;
        FOR i IN p_first[k] .. p_last[k] LOOP
          UPDATE usage.attempt x SET state = 'settled', settled_at = p_now, entry = nextval('usage.ledger_entry'), result = CASE p_resolution WHEN 'owner' THEN 'not_sent' ELSE 'failed' END
           WHERE x.id = p_ids[i] AND CASE p_resolution
                   WHEN 'owner' THEN x.state = 'open' AND x.owner = p_owner
                   WHEN 'policy' THEN x.state = 'unknown' AND coalesce(x.unknown_at, x.opened_at) <= clock_timestamp() - p_after * interval '1 millisecond'
                   WHEN 'manual' THEN x.state = 'unknown' END
          RETURNING x.* INTO v_attempt;
          CONTINUE WHEN NOT FOUND;
          tenant_id := p_tenants[k]; id := p_ids[i];
          cost := CASE p_resolution WHEN 'owner' THEN 0 WHEN 'policy' THEN v_attempt.reserved_micro_usd ELSE p_cost END;
          INSERT INTO usage.ledger (tenant_id, attempt_id, entry, correction, day, opened_at, settled_at, finished_at, duration_ms, cost_micro_usd, reserved_micro_usd,
                 input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, is_estimated, result, provider, model, tool, error_code,
                 provider_request_id, trace_id, resolution, ${listed([...whose, ...pricesOfAttempt])})
          VALUES (p_tenants[k], p_ids[i], v_attempt.entry, 0, v_attempt.day, v_attempt.opened_at, p_now, p_now, 0, cost, v_attempt.reserved_micro_usd,
                 0, 0, 0, 0, 0, p_resolution <> 'owner', v_attempt.result, v_attempt.provider, v_attempt.model, '',
                 CASE p_resolution WHEN 'owner' THEN 'usage_unavailable' ELSE 'attempt_unknown' END, '', '', p_resolution, ${listed([...whose, ...pricesOfAttempt], (column) => `v_attempt.${column}`)});
          v_attempts := v_attempts || v_attempt;
          v_costs := v_costs || cost;
          RETURN NEXT;
        END LOOP;
        PERFORM usage.book(p_tenants[k], p_now, ${listed(['id', 'day'], (column) => `ARRAY(SELECT y.${column} FROM unnest(v_attempts) AS y)`)}, v_costs,
                ARRAY(SELECT y.reserved_micro_usd FROM unnest(v_attempts) AS y),
                ARRAY(SELECT greatest(v_costs[n] - v_attempts[n].reserved_micro_usd, 0) FROM generate_subscripts(v_costs, 1) AS n),
                ${listed(budgetedColumns, (column) => `ARRAY(SELECT y.${column} FROM unnest(v_attempts) AS y)`)});
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
