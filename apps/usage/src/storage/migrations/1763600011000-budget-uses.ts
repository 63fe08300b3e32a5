import { finderFunction, rolesOf, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';
import { budgetedColumns, listed } from './told-columns.js';

/**
 * Budgets of clients, projects, users, keys and agents. A budget says what may be spent; its uses say what was, one row for each subject and so
 * one for each lock: a budget with the subject `*` has one use for each subject there is. Who reaches a budget, and what costs more than was
 * reserved, leaves an alert in the same transaction.
 */
export class BudgetUses1763600011000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(MOVE);
    await runner.query(SUBJECT);
    await runner.query(UNTOLD);
    await runner.query('DROP FUNCTION usage.book');
    await runner.query(REACH);
    await runner.query(BOOK);
  }

  async down(): Promise<void> {
    throw new Error('budgets below the tenant have no place in the table as it was');
  }
}

/** A use is updated by every batch that it pays for: room on its page for the versions that are not yet pruned keeps updates HOT. */
const TABLES = `
  ALTER TABLE usage.budget
    ADD COLUMN scope text NOT NULL DEFAULT 'tenant' CHECK (scope IN ('tenant', 'client', 'project', 'user', 'key', 'agent')),
    ADD COLUMN subject text NOT NULL DEFAULT '',
    ADD COLUMN level text NOT NULL DEFAULT 'hard' CHECK (level IN ('soft', 'hard', 'critical')),
    ADD COLUMN when_reached text NOT NULL DEFAULT 'refuse' CHECK (when_reached IN ('refuse', 'cheaper_tier', 'smaller_context')),
    ADD COLUMN exempt_agents text[] NOT NULL DEFAULT '{}',
    -- Until then a critical budget lets everything through; and who said so.
    ADD COLUMN lifted_until timestamptz,
    ADD COLUMN lifted_by text NOT NULL DEFAULT '',
    ADD CHECK ((scope = 'tenant') = (subject = ''));
  GRANT DELETE ON usage.budget TO ${rolesOf('usage').serving};

  CREATE TABLE usage.budget_use (
    tenant_id uuid NOT NULL,
    budget_id uuid NOT NULL,
    subject text NOT NULL,
    -- First day that spent and reserved stand for; all begin anew when a later window is first asked for.
    window_start date NOT NULL,
    spent_micro_usd bigint NOT NULL CHECK (spent_micro_usd >= 0),
    reserved_micro_usd bigint NOT NULL CHECK (reserved_micro_usd >= 0),
    -- When it was first not enough in this window.
    reached_at timestamptz,
    PRIMARY KEY (tenant_id, budget_id, subject)
  ) WITH (fillfactor = 20);

  CREATE TABLE usage.budget_alert (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('reached', 'lifted', 'over_reservation')),
    at timestamptz NOT NULL,
    budget text NOT NULL,
    scope text NOT NULL,
    subject text NOT NULL,
    level text NOT NULL,
    limit_micro_usd bigint NOT NULL,
    amount_micro_usd bigint NOT NULL,
    window_start date,
    attempt_id uuid,
    -- When the channel was told.
    told_at timestamptz,
    PRIMARY KEY (tenant_id, id)
  );
  CREATE INDEX budget_alert_newest ON usage.budget_alert (tenant_id, at DESC);
  CREATE INDEX budget_alert_untold ON usage.budget_alert (at) WHERE told_at IS NULL;
  ${tenantTable('usage', 'budget_alert', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}

  -- The budget's own is refused_by.
  ALTER TABLE usage.attempt ADD COLUMN refused_subject text NOT NULL DEFAULT '';`;

/** Row-level security holds for the owner too; it stands again before anybody sees the tables. */
const MOVE = `
  ALTER TABLE usage.budget NO FORCE ROW LEVEL SECURITY;
  INSERT INTO usage.budget_use SELECT b.tenant_id, b.id, '', b.window_start, b.spent_micro_usd, b.reserved_micro_usd, NULL FROM usage.budget b;
  ALTER TABLE usage.budget FORCE ROW LEVEL SECURITY, DROP COLUMN spent_micro_usd, DROP COLUMN reserved_micro_usd, DROP COLUMN window_start, RESET (fillfactor);
  ${tenantTable('usage', 'budget_use', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}`;

const SUBJECT = `
  -- Whose use of a budget of that scope an attempt is; empty when it has no such label, and for the tenant.
  CREATE FUNCTION usage.budget_subject(p_scope text, ${listed(budgetedColumns, (column) => `p_${column} text`)}) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_scope WHEN 'client' THEN p_client WHEN 'project' THEN p_project WHEN 'key' THEN p_key_id WHEN 'user' THEN p_user_label WHEN 'agent' THEN p_agent ELSE '' END;`;

const UNTOLD = finderFunction({
  schema: 'usage', name: 'untold_alerts', parameters: 'p_limit integer', table: 'budget_alert', columns: ['at', 'told_at'],
  query: 'SELECT a.tenant_id, a.id FROM usage.budget_alert a WHERE a.told_at IS NULL ORDER BY a.at LIMIT p_limit',
});

/** The use of this budget was not enough: an alert, unless there was one in this window. The use's row is locked. */
const REACH = batchFunction({
  name: 'reach',
  isInner: true,
  parameters: 'p_now timestamptz, p_budget uuid, p_subject text',
  returns: 'void',
  body: `
    BEGIN
      UPDATE usage.budget_use u SET reached_at = p_now WHERE u.budget_id = p_budget AND u.subject = p_subject AND u.reached_at IS NULL;
      IF FOUND THEN
        INSERT INTO usage.budget_alert (tenant_id, kind, at, budget, scope, subject, level, limit_micro_usd, amount_micro_usd, window_start)
        SELECT d.tenant_id, 'reached', p_now, d.name, d.scope, u.subject, d.level, d.limit_micro_usd, u.spent_micro_usd + u.reserved_micro_usd, u.window_start
          FROM usage.budget d JOIN usage.budget_use u ON u.budget_id = d.id WHERE d.id = p_budget AND u.subject = p_subject;
      END IF;
    END`,
});

/**
 * Books what attempts cost, p_costs, and gives back what was reserved for them, p_reserved, in every budget that is for them, on the window of
 * the day that pays for each. A use that has begun a later window since keeps nothing of them. p_over is by how much each cost more than was
 * reserved. Once for each tenant of a batch: uses are locked by budget and subject, as everywhere.
 */
const BOOK = batchFunction({
  name: 'book',
  isInner: true,
  parameters: `p_tenant uuid, p_now timestamptz, p_ids uuid[], p_days date[], p_costs bigint[], p_reserved bigint[], p_over bigint[], ${listed(budgetedColumns, (column) => `p_${column} text[]`)}`,
  returns: 'void',
  body: `
    DECLARE
      v_use record;
      v_spent bigint;
    BEGIN
      FOR v_use IN
        SELECT d.id, d.limit_micro_usd, s.subject, usage.window_start(d.period, y.day) AS window_start, sum(y.cost)::bigint AS cost, sum(y.reserved)::bigint AS reserved
          FROM usage.budget d
         CROSS JOIN unnest(p_days, p_costs, p_reserved, ${listed(budgetedColumns, (column) => `p_${column}`)}) AS y (day, cost, reserved, ${listed(budgetedColumns)})
         CROSS JOIN LATERAL (SELECT usage.budget_subject(d.scope, ${listed(budgetedColumns, (column) => `y.${column}`)}) AS subject) s
         WHERE s.subject = d.subject OR (d.subject = '*' AND s.subject <> '')
         GROUP BY d.id, d.limit_micro_usd, s.subject, usage.window_start(d.period, y.day) ORDER BY d.id, s.subject, usage.window_start(d.period, y.day)
      LOOP
        INSERT INTO usage.budget_use AS u (tenant_id, budget_id, subject, window_start, spent_micro_usd, reserved_micro_usd)
        -- A correction may take away, though only where there is a row: checks look at what is proposed all the same.
        VALUES (p_tenant, v_use.id, v_use.subject, v_use.window_start, greatest(v_use.cost, 0), 0)
        ON CONFLICT ON CONSTRAINT budget_use_pkey DO UPDATE
           SET spent_micro_usd = CASE WHEN u.window_start < excluded.window_start THEN 0 ELSE u.spent_micro_usd END + v_use.cost,
               reserved_micro_usd = CASE WHEN u.window_start < excluded.window_start THEN 0 ELSE u.reserved_micro_usd - v_use.reserved END,
               reached_at = CASE WHEN u.window_start < excluded.window_start THEN NULL ELSE u.reached_at END,
               window_start = excluded.window_start
         WHERE u.window_start <= excluded.window_start
        RETURNING CASE WHEN u.reached_at IS NULL THEN u.spent_micro_usd END INTO v_spent;
        IF v_spent >= v_use.limit_micro_usd AND v_spent > 0 THEN
          PERFORM usage.reach(p_now, v_use.id, v_use.subject);
        END IF;
      END LOOP;
      INSERT INTO usage.budget_alert (tenant_id, kind, at, budget, scope, subject, level, limit_micro_usd, amount_micro_usd, attempt_id)
      SELECT p_tenant, 'over_reservation', p_now, '', '', '', '', 0, y.over, y.id FROM unnest(p_ids, p_over) AS y (id, over) WHERE y.over > 0;
    END`,
});
