import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';

interface Found {
  readonly tenant_id: string;
  readonly id: string;
}

/** Found once, deleted in parts: a part is one short transaction. */
const FOUND_AT_ONCE = 50_000;
const DELETED_AT_ONCE = 2_000;

const ATTEMPTS = { find: 'usage.old_attempts', name: 'prune_attempts', delete: "DELETE FROM usage.attempt WHERE id = ANY ($1::uuid[]) AND state IN ('settled', 'refused')" };
const EXECUTIONS = { find: 'usage.old_executions', name: 'prune_executions', delete: 'DELETE FROM usage.tool_execution WHERE id = ANY ($1::uuid[])' };
const ALERTS = { find: 'usage.old_alerts', name: 'prune_alerts', delete: 'DELETE FROM usage.budget_alert WHERE id = ANY ($1::uuid[])' };

/** Lets rows go that have done what they were for. The ledger keeps everything. */
@Injectable()
export class PruningRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Attempts that were settled or refused, and executions of tools, before then (Unix milliseconds). Answers how many rows. */
  async attempts(before: number): Promise<number> {
    return (await this.prune(ATTEMPTS, before)) + (await this.prune(EXECUTIONS, before));
  }

  /** Alerts that were told before then. Answers how many. */
  alerts(before: number): Promise<number> {
    return this.prune(ALERTS, before);
  }

  private async prune(rows: typeof ATTEMPTS, before: number): Promise<number> {
    for (let pruned = 0; ; ) {
      const found = await this.database.query<Found>(rows.find, `SELECT tenant_id, id FROM ${rows.find}($1, $2)`, [new Date(before), FOUND_AT_ONCE]);
      for (const [tenantId, ofTenant] of Map.groupBy(found, (row) => row.tenant_id)) {
        for (let at = 0; at < ofTenant.length; at += DELETED_AT_ONCE) {
          const ids = ofTenant.slice(at, at + DELETED_AT_ONCE).map(({ id }) => id);
          await this.database.withTenant(tenantId, (tx) => tx.query(rows.name, rows.delete, [ids]));
        }
      }
      pruned += found.length;
      if (found.length < FOUND_AT_ONCE) return pruned;
    }
  }
}
