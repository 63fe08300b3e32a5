import { Inject, Injectable } from '@nestjs/common';
import { deterministicId, type MicroUsd } from '@nexus/core';
import type { Database, Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { Budget } from '../domain/budget.js';
import { windowStart, type BudgetPeriod } from '../domain/budget-window.js';

const COLUMNS = `id, name, period, limit_micro_usd AS "limit", spent_micro_usd AS spent, reserved_micro_usd AS reserved, window_start::text AS "windowStart"`;

/** A new budget begins with what its window has cost so far and what is set aside, so that it is exact from its first moment. */
const SET = `
  INSERT INTO usage.budget AS b (tenant_id, id, name, period, limit_micro_usd, window_start, spent_micro_usd, reserved_micro_usd)
  VALUES ($1, $2, $3, $4, $5, $6::date,
          (SELECT coalesce(sum(l.cost_micro_usd), 0)::bigint FROM usage.ledger l WHERE l.day >= $6::date),
          (SELECT coalesce(sum(a.reserved_micro_usd), 0)::bigint FROM usage.attempt a WHERE a.day >= $6::date AND a.state IN ('open', 'unknown')))
  ON CONFLICT (tenant_id, id) DO UPDATE SET period = excluded.period, limit_micro_usd = excluded.limit_micro_usd, window_start = excluded.window_start,
      spent_micro_usd = excluded.spent_micro_usd, reserved_micro_usd = excluded.reserved_micro_usd`;

@Injectable()
export class BudgetRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The tenant's budgets by name. */
  list(tenantId: string): Promise<Budget[]> {
    return this.database.withTenant(tenantId, (tx) => this.listIn(tx));
  }

  /** Makes the budget of that name, or changes it. Answers the tenant's budgets before and after. */
  set(tenantId: string, name: string, period: BudgetPeriod, limit: MicroUsd, today: string): Promise<{ before: Budget[]; after: Budget[] }> {
    return this.database.withTenant(tenantId, async (tx) => {
      // Batches of this tenant wait: an attempt is counted here, or sees the budget.
      await tx.query('budget_lock', 'SELECT pg_advisory_xact_lock(usage.tenant_lock($1))', [tenantId]);
      const before = await this.listIn(tx);
      if (before.find((budget) => budget.name === name)?.period === period) {
        await tx.query('budget_limit', 'UPDATE usage.budget SET limit_micro_usd = $2 WHERE name = $1', [name, limit]);
      } else {
        await tx.query('budget_set', SET, [tenantId, deterministicId(tenantId, 'budget', name), name, period, limit, windowStart(period, today)]);
      }
      return { before, after: await this.listIn(tx) };
    });
  }

  private listIn(tx: Tx): Promise<Budget[]> {
    return tx.query<Budget>('budget_list', `SELECT ${COLUMNS} FROM usage.budget ORDER BY name`);
  }
}
