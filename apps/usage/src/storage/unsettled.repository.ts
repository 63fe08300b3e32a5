import { Inject, Injectable } from '@nestjs/common';
import type { MicroUsd, TokenPrice } from '@nexus/core';
import { plainArray, textArray, type Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { AttemptRef, UnknownAttempt } from '../domain/owner.js';
import { priceColumns, type Prices } from './bucket-columns.js';
import { groupByTenant, type TenantGroups } from './tenant-groups.js';

interface Found {
  readonly tenant_id: string;
  readonly id: string;
}

const MARK_UNKNOWN = 'SELECT sum(marked)::integer AS marked FROM usage.mark_unknown($1, $2, $3, $4, $5)';

const CLAIM = 'SELECT * FROM usage.claim_unknown($1, $2, $3, $4, $5)';
const RESOLVE = 'SELECT tenant_id, id FROM usage.resolve($1, $2, $3, $4, $5, $6, $7, $8, $9)';

type PriceColumn = (typeof priceColumns)[keyof typeof priceColumns];

interface ClaimedRow extends Found, Readonly<Record<PriceColumn, number>> {
  readonly provider: string;
  readonly model: string;
  readonly price_version: string;
  readonly client: string;
  readonly project: string;
  readonly key_id: string;
  readonly user_label: string;
  readonly agent: string;
  readonly thread_id: string;
  readonly run_id: string | null;
  readonly step: number;
  readonly asked: number;
}

/** What is known here of attempts that nobody tells of. */
export type KnownEnd =
  /** Their owner never called. */
  | { readonly resolution: 'owner'; readonly owner: string }
  /** They have been UNKNOWN for so many milliseconds: what was reserved is booked. */
  | { readonly resolution: 'policy'; readonly afterMs: number }
  | { readonly resolution: 'manual'; readonly cost: MicroUsd };

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

  /** UNKNOWN attempts of all tenants, counted up to `most`. */
  async countUnknown(most: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>('usage_count_unknown', 'SELECT count(*)::integer AS count FROM usage.unknown_attempts($1)', [most]);
    return row?.count ?? 0;
  }

  /** UNKNOWN attempts that nobody looks into now; they are handed out again after `everyMs`, which doubles each time up to five minutes. */
  async claimUnknown(everyMs: number, most: number): Promise<UnknownAttempt[]> {
    const found = refsOf(await this.database.query<Found>('usage_unresolved', 'SELECT * FROM usage.unresolved_attempts($1)', [most]));
    if (found.length === 0) return [];
    const { tenants, first, last, ids } = groupsOf(found);
    const rows = await this.database.query<ClaimedRow>('usage_claim_unknown', CLAIM, [everyMs, tenants, first, last, ids]);
    return rows.map((row) => ({
      tenantId: row.tenant_id, attemptId: row.id, provider: row.provider, model: row.model, asked: row.asked, runId: row.run_id ?? undefined,
      price: priceOf(row),
      attribution: { client: row.client, project: row.project, keyId: row.key_id, user: row.user_label, agent: row.agent, threadId: row.thread_id },
    }));
  }

  /** Settles those to which `end` applies and leaves the others alone. Answers how many it settled. */
  async resolve(attempts: readonly AttemptRef[], end: KnownEnd, now: number): Promise<number> {
    if (attempts.length === 0) return 0;
    const { tenants, first, last, ids } = groupsOf(attempts);
    const owner = end.resolution === 'owner' ? end.owner : null;
    const afterMs = end.resolution === 'policy' ? end.afterMs : null;
    const cost = end.resolution === 'manual' ? end.cost : null;
    return (await this.database.query<Found>('usage_resolve', RESOLVE, [new Date(now), end.resolution, owner, afterMs, cost, tenants, first, last, ids])).length;
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

function priceOf(row: ClaimedRow): TokenPrice {
  const names = Object.keys(priceColumns) as (keyof Prices)[];
  return { ...(Object.fromEntries(names.map((name) => [name, row[priceColumns[name]]])) as Prices), version: row.price_version };
}
