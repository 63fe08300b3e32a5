import { Inject, Injectable } from '@nestjs/common';
import { deterministicId } from '@nexus/core';
import { textArray, type Database, type Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import { EVERY_SUBJECT, type Budget, type BudgetTerms } from '../domain/budget.js';

/** Budgets of the tenant with their uses, and what a change made of them. */
export interface BudgetChanges {
  readonly before: readonly Budget[];
  readonly after: readonly Budget[];
}

const COLUMNS = `d.id, d.name, d.scope, d.level, d.period, d.limit_micro_usd AS "limit", d.when_reached AS "whenReached", d.exempt_agents AS "exemptAgents", d.lifted_until AS "liftedUntil",
  coalesce(u.spent_micro_usd, 0) AS spent, coalesce(u.reserved_micro_usd, 0) AS reserved, coalesce(u.window_start, '1970-01-01')::text AS "windowStart", u.reached_at AS "reachedAt"`;

/** Each budget, and behind one that is for every subject its uses, the dearest first. */
const LIST = `
  SELECT * FROM (
    SELECT ${COLUMNS}, d.subject, 0 AS place FROM usage.budget d LEFT JOIN usage.budget_use u ON u.budget_id = d.id AND u.subject = d.subject
    UNION ALL
    SELECT ${COLUMNS}, u.subject, 1 FROM usage.budget d JOIN usage.budget_use u ON u.budget_id = d.id WHERE d.subject = '${EVERY_SUBJECT}' AND u.subject <> '${EVERY_SUBJECT}') b
   ORDER BY b.name, b.place, b.spent + b.reserved DESC, b.subject LIMIT 5000`;

const SET = `
  INSERT INTO usage.budget AS b (tenant_id, id, name, scope, subject, level, period, limit_micro_usd, when_reached, exempt_agents)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (tenant_id, id) DO UPDATE SET scope = excluded.scope, subject = excluded.subject, level = excluded.level, period = excluded.period,
      limit_micro_usd = excluded.limit_micro_usd, when_reached = excluded.when_reached, exempt_agents = excluded.exempt_agents,
      lifted_until = CASE WHEN excluded.level = 'critical' THEN b.lifted_until END`;

/** A limit that was raised may be reached again. */
const UNREACH = 'UPDATE usage.budget_use SET reached_at = NULL WHERE budget_id = $1 AND spent_micro_usd + reserved_micro_usd < $2';

/**
 * A new budget begins with what its window has cost so far and what is set aside, so that it is exact from its first moment. The window is
 * that of the latest day that anything was paid by: another clock may be ahead.
 */
const COUNT = `
  INSERT INTO usage.budget_use (tenant_id, budget_id, subject, window_start, spent_micro_usd, reserved_micro_usd)
  SELECT d.tenant_id, d.id, s.subject, w.start, sum(x.spent)::bigint, sum(x.reserved)::bigint
    FROM usage.budget d
   CROSS JOIN LATERAL (SELECT usage.window_start(d.period, greatest($2::date, (SELECT max(l.day) FROM usage.ledger l), (SELECT max(a.day) FROM usage.attempt a WHERE a.state IN ('open', 'unknown')))) AS start) w
   CROSS JOIN LATERAL (
     SELECT l.cost_micro_usd AS spent, 0 AS reserved, l.client, l.project, l.key_id, l.user_label, l.agent FROM usage.ledger l WHERE l.day >= w.start
     UNION ALL
     SELECT 0, a.reserved_micro_usd, a.client, a.project, a.key_id, a.user_label, a.agent FROM usage.attempt a WHERE a.day >= w.start AND a.state IN ('open', 'unknown')) x
   CROSS JOIN LATERAL (SELECT usage.budget_subject(d.scope, x.client, x.project, x.key_id, x.user_label, x.agent) AS subject) s
   WHERE d.id = $1 AND (s.subject = d.subject OR (d.subject = '${EVERY_SUBJECT}' AND s.subject <> ''))
   GROUP BY d.tenant_id, d.id, s.subject, w.start`;

const LIFT = `UPDATE usage.budget SET lifted_until = $2, lifted_by = $3 WHERE name = $1 AND level = 'critical' RETURNING id`;

const TELL_LIFTED = `
  INSERT INTO usage.budget_alert (tenant_id, kind, at, budget, scope, subject, level, limit_micro_usd, amount_micro_usd, window_start)
  SELECT d.tenant_id, 'lifted', $2, d.name, d.scope, d.subject, d.level, d.limit_micro_usd, coalesce(u.spent_micro_usd + u.reserved_micro_usd, 0), u.window_start
    FROM usage.budget d LEFT JOIN usage.budget_use u ON u.budget_id = d.id AND u.subject = d.subject WHERE d.name = $1`;

@Injectable()
export class BudgetRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The tenant's budgets by name, those for every subject followed by their uses; 5,000 at most. */
  list(tenantId: string): Promise<Budget[]> {
    return this.database.withTenant(tenantId, (tx) => this.listIn(tx));
  }

  /** Makes the budget of that name, or changes it. One that counts something else than before counts anew. */
  set(tenantId: string, terms: BudgetTerms, today: string): Promise<BudgetChanges> {
    return this.changing(tenantId, async (tx, before) => {
      const { name, scope, subject, level, period, limit, whenReached, exemptAgents } = terms;
      const id = deterministicId(tenantId, 'budget', name);
      const known = before.find((budget) => budget.name === name);
      await tx.query('budget_set', SET, [tenantId, id, name, scope, subject, level, period, limit, whenReached, textArray(exemptAgents)]);
      if (known?.period === period && known.scope === scope && known.subject === subject) {
        await tx.query('budget_unreach', UNREACH, [id, limit]);
      } else {
        await tx.query('budget_forget_uses', 'DELETE FROM usage.budget_use WHERE budget_id = $1', [id]);
        await tx.query('budget_count', COUNT, [id, today]);
      }
    });
  }

  /** Deletes the budget of that name with what it counted; `before` and `after` are the same when there is none. */
  delete(tenantId: string, name: string): Promise<BudgetChanges> {
    return this.changing(tenantId, async (tx) => {
      await tx.query('budget_delete_uses', 'DELETE FROM usage.budget_use WHERE budget_id IN (SELECT id FROM usage.budget WHERE name = $1)', [name]);
      await tx.query('budget_delete', 'DELETE FROM usage.budget WHERE name = $1', [name]);
    });
  }

  /** Lets everything through above the critical budget of that name until then; undefined: no longer. Changes nothing when there is none. */
  lift(tenantId: string, name: string, until: number | undefined, by: string, now: number): Promise<BudgetChanges> {
    return this.changing(tenantId, async (tx) => {
      const lifted = await tx.query('budget_lift', LIFT, [name, until === undefined ? null : new Date(until), by]);
      if (lifted.length > 0 && until !== undefined) await tx.query('budget_tell_lifted', TELL_LIFTED, [name, new Date(now)]);
    });
  }

  /** Batches of the tenant wait meanwhile: an attempt is counted before the change, or sees it. */
  private changing(tenantId: string, change: (tx: Tx, before: readonly Budget[]) => Promise<void>): Promise<BudgetChanges> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.query('budget_lock', 'SELECT pg_advisory_xact_lock(usage.tenant_lock($1))', [tenantId]);
      const before = await this.listIn(tx);
      await change(tx, before);
      return { before, after: await this.listIn(tx) };
    });
  }

  private listIn(tx: Tx): Promise<Budget[]> {
    return tx.query<Budget>('budget_list', LIST);
  }
}
