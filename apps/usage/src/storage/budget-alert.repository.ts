import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { BudgetAlert } from '../domain/budget-alert.js';

const COLUMNS = `id, kind, at, budget, scope, subject, level, limit_micro_usd AS "limit", amount_micro_usd AS amount, window_start::text AS "windowStart", attempt_id AS "attemptId"`;

const LIST = `SELECT ${COLUMNS} FROM usage.budget_alert ORDER BY at DESC, id LIMIT $1`;
/** Another replica that is telling them now has them locked. */
const CLAIM = `SELECT ${COLUMNS} FROM usage.budget_alert WHERE id = ANY ($1::uuid[]) AND told_at IS NULL ORDER BY at, id FOR UPDATE SKIP LOCKED`;
const TOLD = 'UPDATE usage.budget_alert SET told_at = $2 WHERE id = ANY ($1::uuid[])';

/** Alerts as they were left by the transactions that caused them. */
@Injectable()
export class BudgetAlertRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The tenant's latest, newest first. */
  list(tenantId: string, limit: number): Promise<BudgetAlert[]> {
    return this.database.withTenant(tenantId, (tx) => tx.query<BudgetAlert>('alert_list', LIST, [limit]));
  }

  /**
   * Gives alerts that nobody was told of to `tell`, tenant by tenant, the oldest first; once it has resolved they count as told. Answers
   * those that were. Dies the process in between, they are told again under the same ids.
   */
  async tellNew(tell: (tenantId: string, alerts: readonly BudgetAlert[]) => Promise<void>, now: number, most: number): Promise<BudgetAlert[]> {
    const found = await this.database.query<{ tenant_id: string; id: string }>('alert_untold', 'SELECT tenant_id, id FROM usage.untold_alerts($1)', [most]);
    const told: BudgetAlert[] = [];
    for (const [tenantId, rows] of Map.groupBy(found, (row) => row.tenant_id)) {
      told.push(...(await this.database.withTenant(tenantId, async (tx) => {
        const alerts = await tx.query<BudgetAlert>('alert_claim', CLAIM, [rows.map(({ id }) => id)]);
        if (alerts.length > 0) {
          await tell(tenantId, alerts);
          await tx.query('alert_told', TOLD, [alerts.map(({ id }) => id), new Date(now)]);
        }
        return alerts;
      })));
    }
    return told;
  }
}
