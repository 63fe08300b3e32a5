import { Inject, Injectable } from '@nestjs/common';
import { plainArray, textArray, type Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { AttemptRef } from '../domain/owner.js';
import { groupByTenant, type TenantGroups } from './tenant-groups.js';

interface Found {
  readonly tenant_id: string;
  readonly id: string;
}

const MARK_UNKNOWN = 'SELECT sum(marked)::integer AS marked FROM usage.mark_unknown($1, $2, $3, $4, $5)';

/** Attempts whose end the ledger has not heard of, whatever their tenant. */
@Injectable()
export class UnsettledRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Open attempts of the owner that were opened before then (Unix milliseconds), the oldest first. */
  async ofOwner(owner: string, openedBefore: number, most: number): Promise<AttemptRef[]> {
    return refsOf(await this.database.query<Found>('usage_own', 'SELECT * FROM usage.own_attempts($1, $2, $3)', [owner, new Date(openedBefore), most]));
  }

  /** Open attempts of others than these owners, opened before then. */
  async ofOthers(owners: readonly string[], openedBefore: number, most: number): Promise<AttemptRef[]> {
    return refsOf(await this.database.query<Found>('usage_orphans', 'SELECT * FROM usage.orphaned_attempts($1, $2, $3)', [textArray(owners), new Date(openedBefore), most]));
  }

  /** What is open of these and belongs to the owner becomes UNKNOWN; without one, what belongs to an owner that is gone. Answers how many did. */
  async markUnknown(owner: string | undefined, attempts: readonly AttemptRef[]): Promise<number> {
    if (attempts.length === 0) return 0;
    const { tenants, first, last, ids } = groupsOf(attempts);
    const rows = await this.database.query<{ marked: number | null }>('usage_mark_unknown', MARK_UNKNOWN, [owner ?? null, tenants, first, last, ids]);
    return rows[0]?.marked ?? 0;
  }
}

/** By tenant, and by id within a tenant: two batches lock attempts in the same order. */
function groupsOf(attempts: readonly AttemptRef[]): TenantGroups<AttemptRef> & { readonly ids: string } {
  const groups = groupByTenant(attempts.toSorted((a, b) => (a.attemptId < b.attemptId ? -1 : 1)));
  return { ...groups, ids: plainArray(groups.items.map(({ attemptId }) => attemptId)) };
}

function refsOf(rows: readonly Found[]): AttemptRef[] {
  return rows.map((row) => ({ tenantId: row.tenant_id, attemptId: row.id }));
}
