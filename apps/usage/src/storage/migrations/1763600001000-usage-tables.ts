import { tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money is bigint micro-USD, prices bigint micro-USD per million tokens, days are UTC. */
export class UsageTables1763600001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(BUDGET);
    await runner.query(ATTEMPT);
    await runner.query(LEDGER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE usage.ledger, usage.attempt, usage.budget; DROP FUNCTION usage.refuse_change, usage.window_start, usage.tenant_lock');
  }
}

/** One row is updated by every batch of its tenant: room on its page for the versions that are not yet pruned keeps updates HOT. */
const BUDGET = `
  CREATE TABLE usage.budget (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    period text NOT NULL CHECK (period IN ('day', 'month', 'total')),
    limit_micro_usd bigint NOT NULL CHECK (limit_micro_usd >= 0),
    spent_micro_usd bigint NOT NULL CHECK (spent_micro_usd >= 0),
    reserved_micro_usd bigint NOT NULL CHECK (reserved_micro_usd >= 0),
    -- First day that spent and reserved stand for; both begin anew when a later window is first asked for.
    window_start date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
  ) WITH (fillfactor = 20);
  ${tenantTable('usage', 'budget', ['SELECT', 'INSERT', 'UPDATE'])}

  CREATE FUNCTION usage.window_start(p_period text, p_day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_period WHEN 'day' THEN p_day WHEN 'month' THEN date_trunc('month', p_day::timestamp)::date ELSE date '1970-01-01' END;

  -- Key of the advisory lock that batches share and a new budget takes alone, so that it counts each attempt either before or after.
  CREATE FUNCTION usage.tenant_lock(p_tenant uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashtextextended(p_tenant::text, 1970);`;

/** Updated once, by its settlement: fillfactor leaves room on the same page for the second version of every row, and no index holds what changes. */
const ATTEMPT = `
  CREATE TABLE usage.attempt (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'unknown', 'settled', 'refused')),
    -- The day whose budgets pay for it.
    day date NOT NULL,
    opened_at timestamptz NOT NULL,
    settled_at timestamptz,
    reserved_micro_usd bigint NOT NULL CHECK (reserved_micro_usd >= 0),
    granted_output_tokens bigint NOT NULL CHECK (granted_output_tokens >= 0),
    input_price bigint NOT NULL,
    output_price bigint NOT NULL,
    cache_read_price bigint NOT NULL,
    cache_write_price bigint NOT NULL,
    run_id uuid,
    step integer NOT NULL,
    owner text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    client text NOT NULL,
    project text NOT NULL,
    key_id text NOT NULL,
    -- The budget that could not pay.
    refused_by uuid,
    PRIMARY KEY (tenant_id, id)
  ) WITH (fillfactor = 50);
  CREATE INDEX attempt_of_run ON usage.attempt (tenant_id, run_id) WHERE run_id IS NOT NULL;
  ${tenantTable('usage', 'attempt', ['SELECT', 'INSERT', 'UPDATE'])}`;

/** Written once at settlement, never changed: no grant allows it, and a trigger refuses it even to those who need no grant. */
const LEDGER = `
  CREATE TABLE usage.ledger (
    tenant_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    day date NOT NULL,
    settled_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    cost_micro_usd bigint NOT NULL CHECK (cost_micro_usd >= 0),
    reserved_micro_usd bigint NOT NULL,
    input_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    input_price bigint NOT NULL,
    output_price bigint NOT NULL,
    cache_read_price bigint NOT NULL,
    cache_write_price bigint NOT NULL,
    run_id uuid,
    is_estimated boolean NOT NULL,
    result text NOT NULL CHECK (result IN ('succeeded', 'failed', 'not_sent', 'cancelled')),
    provider text NOT NULL,
    model text NOT NULL,
    tool text NOT NULL,
    client text NOT NULL,
    project text NOT NULL,
    key_id text NOT NULL,
    error_code text NOT NULL,
    provider_request_id text NOT NULL,
    trace_id text NOT NULL,
    PRIMARY KEY (tenant_id, attempt_id)
  );
  CREATE INDEX ledger_by_day ON usage.ledger (tenant_id, day);
  ${tenantTable('usage', 'ledger', ['SELECT', 'INSERT'])}

  CREATE FUNCTION usage.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the ledger is append-only: a fact is corrected by another record' USING ERRCODE = 'restrict_violation';
  END $$;
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage.ledger FOR EACH ROW EXECUTE FUNCTION usage.refuse_change();
  CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON usage.ledger FOR EACH STATEMENT EXECUTE FUNCTION usage.refuse_change();`;
