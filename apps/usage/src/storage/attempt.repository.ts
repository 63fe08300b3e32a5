import { Inject, Injectable } from '@nestjs/common';
import type { TokenPrice } from '@nexus/core';
import { plainArray, textArray, type Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { AttemptResult, PlannedAttempt, Resolution, Settlement } from '../domain/attempt.js';
import type { BudgetScope, WhenReached } from '../domain/budget.js';
import { dayOf, type BudgetPeriod } from '../domain/budget-window.js';
import { reservationOf } from '../domain/reservation.js';
import { allPrices, exclusive, priceColumns, tokenColumns, type Buckets, type Prices } from './bucket-columns.js';
import { groupByTenant } from './tenant-groups.js';

/** What became of an attempt that was not simply opened as asked. */
export interface OpenedRow {
  readonly attempt_id: string;
  readonly outcome: 'opened' | 'in_flight' | 'settled' | 'unknown' | 'refused';
  readonly granted: number;
  readonly budget_name: string | null;
  readonly budget_period: BudgetPeriod | null;
  readonly budget_scope: BudgetScope | null;
  readonly budget_subject: string | null;
  readonly when_reached: WhenReached | null;
  /** Micro-USD that the budget has left for it. */
  readonly affordable: number | null;
  /** YYYY-MM-DD; set with the budget. */
  readonly day: string | null;
  /** Another owner, alive, whose attempt it is; empty or null when there is none. */
  readonly held_by: string | null;
  /** How it ended; set when it is settled. */
  readonly result: AttemptResult | null;
}

/** What a batch of settlements did for one tenant. */
export interface SettledRow {
  readonly tenant_id: string;
  /** Ledger rows written; the rest of the batch was there already. */
  readonly records: number;
  /** Of these, for attempts that were never opened. */
  readonly unopened: number;
  readonly over_reservation: number;
  readonly over_micro_usd: number;
  /** Attempts that others had resolved, and whose owner told what they really cost. */
  readonly corrected: number;
}

/** `$1, $2, ... $n`. */
const places = (count: number): string => Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ');

const OPEN = `SELECT attempt_id, outcome, granted, budget_name, budget_period, budget_scope, budget_subject, when_reached, affordable, day::text, held_by, result FROM usage.open_attempts(${places(33)})`;

const SETTLE = `SELECT * FROM usage.settle(${places(49)})`;

/** An attempt with what its ledger row adds once it is settled. */
export interface AttemptOfRun extends Readonly<Record<keyof Buckets, number | null>> {
  readonly id: string;
  readonly state: 'open' | 'unknown' | 'settled' | 'refused';
  readonly provider: string;
  readonly model: string;
  readonly reserved: number;
  readonly openedAt: Date;
  readonly settledAt: Date | null;
  readonly isEstimated: boolean | null;
  readonly cost: number | null;
  readonly errorCode: string | null;
  readonly resolution: Resolution | null;
}

/** Attempts that are not in the ledger, and so have no tokens. */
const UNSETTLED = `SELECT a.id, a.state, a.provider, a.model, a.step, a.reserved_micro_usd AS reserved, a.opened_at AS "openedAt", a.settled_at AS "settledAt",
    NULL::bigint AS input, NULL::bigint AS "cacheRead", NULL::bigint AS "cacheWrite", NULL::bigint AS "cacheWrite1h", NULL::bigint AS output, NULL::bigint AS reasoning,
    NULL::bigint AS "audioInput", NULL::bigint AS "audioOutput", NULL::bigint AS images, NULL::bigint AS requests,
    NULL::bigint AS cost, NULL::boolean AS "isEstimated", NULL::text AS "errorCode", NULL::text AS resolution FROM usage.attempt a`;
const UNKNOWN = `${UNSETTLED} WHERE a.state = 'unknown' ORDER BY a.opened_at, a.id LIMIT 1000`;
/** A correction adds to what it corrects, and knows better how the attempt ended. */
const OF_RUN = `
  SELECT * FROM (
    ${UNSETTLED} WHERE a.run_id = $1 AND a.state IN ('open', 'unknown')
    UNION ALL
    ${UNSETTLED} WHERE a.run_id = $1 AND a.state = 'refused'
    UNION ALL
    SELECT l.attempt_id, 'settled', min(l.provider), min(l.model), min(l.step), sum(l.reserved_micro_usd)::bigint, min(l.opened_at), min(l.settled_at),
           ${(Object.values(tokenColumns) as string[]).map((column) => `sum(l.${column})::bigint`).join(', ')},
           sum(l.cost_micro_usd)::bigint, (array_agg(l.is_estimated ORDER BY l.correction DESC))[1], (array_agg(l.error_code ORDER BY l.correction DESC))[1],
           (array_agg(l.resolution ORDER BY l.correction DESC))[1]
      FROM usage.ledger l WHERE l.run_id = $1 AND l.tool = '' GROUP BY l.attempt_id) x
   ORDER BY x."openedAt", x.step, x.id LIMIT 1000`;

/** Attempts and their ledger: each batch is one statement, one transaction and one round trip. */
@Injectable()
export class AttemptRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * Inserts the attempts and reserves what they may cost. Answers how many were opened as asked, and a row for each other one. No
   * attempt may stand twice in a batch.
   */
  async open(batch: readonly PlannedAttempt[], now: number): Promise<{ openedAsAsked: number; others: OpenedRow[] }> {
    const { items, tenants, first, last } = groupByTenant(batch);
    const reservations = items.map(reservationOf);
    const rows = await this.database.query<OpenedRow | { attempt_id: null; granted: number }>('usage_open', OPEN, [
      new Date(now),
      dayOf(now),
      tenants,
      first,
      last,
      plainArray(items.map((item) => item.attemptId)),
      textArray(items.map((item) => item.owner)),
      textArray(items.map((item) => item.provider)),
      textArray(items.map((item) => item.model)),
      plainArray(reservations.map((reservation) => reservation.worstCase)),
      plainArray(reservations.map((reservation) => reservation.fixed)),
      plainArray(items.map((item) => item.maxOutputTokens)),
      plainArray(items.map((item) => item.minOutputTokens)),
      plainArray(reservations.map((reservation) => reservation.outputPrice)),
      ...whoseArrays(items),
      ...priceArrays(items.map((item) => item.price)),
    ]);
    const others = rows.filter((row): row is OpenedRow => row.attempt_id !== null);
    const openedAsAsked = rows.reduce((sum, row) => sum + (row.attempt_id === null ? row.granted : 0), 0);
    return { openedAsAsked, others };
  }

  /** Books the settlements, each once. No attempt may stand twice in a batch. */
  async settle(batch: readonly Settlement[], now: number): Promise<SettledRow[]> {
    // By id within a tenant, so that two batches lock attempts in the same order.
    const { items, tenants, first, last } = groupByTenant(batch.toSorted((a, b) => (a.attemptId < b.attemptId ? -1 : 1)));
    return this.database.query<SettledRow>('usage_settle', SETTLE, [
      new Date(now),
      dayOf(now),
      tenants,
      first,
      last,
      plainArray(items.map((item) => item.attemptId)),
      textArray(items.map((item) => item.resolution)),
      ...whoseArrays(items),
      plainArray(items.map((item) => item.result)),
      textArray(items.map((item) => item.provider)),
      textArray(items.map((item) => item.model)),
      textArray(items.map((item) => item.tool)),
      textArray(items.map((item) => item.requested)),
      textArray(items.map((item) => item.route)),
      ...tokenArrays(items),
      plainArray(items.map((item) => item.isEstimated)),
      ...priceArrays(items.map((item) => item.price)),
      plainArray(items.map((item) => item.cost)),
      plainArray(items.map((item) => `"${new Date(item.finishedAtMs === 0 ? now : item.finishedAtMs).toISOString()}"`)),
      plainArray(items.map((item) => item.durationMs)),
      textArray(items.map((item) => item.errorCode)),
      textArray(items.map((item) => item.providerRequestId)),
      textArray(items.map((item) => item.traceId)),
    ]);
  }

  /** The run's first 1,000 attempts, oldest first. */
  ofRun(tenantId: string, runId: string): Promise<AttemptOfRun[]> {
    return this.database.withTenant(tenantId, (tx) => tx.query<AttemptOfRun>('usage_of_run', OF_RUN, [runId]));
  }

  /** The tenant's first 1,000 UNKNOWN attempts, oldest first. */
  unknown(tenantId: string): Promise<AttemptOfRun[]> {
    return this.database.withTenant(tenantId, (tx) => tx.query<AttemptOfRun>('usage_unknown', UNKNOWN));
  }
}

/** In the order of the batch functions' parameters: whose the calls are. */
function whoseArrays(items: readonly Pick<PlannedAttempt, 'attribution' | 'runId' | 'step'>[]): string[] {
  return [
    textArray(items.map((item) => item.attribution.client)),
    textArray(items.map((item) => item.attribution.project)),
    textArray(items.map((item) => item.attribution.keyId)),
    textArray(items.map((item) => item.attribution.user)),
    textArray(items.map((item) => item.attribution.agent)),
    textArray(items.map((item) => item.attribution.threadId)),
    plainArray(items.map((item) => item.runId ?? 'NULL')),
    plainArray(items.map((item) => item.step)),
  ];
}

function tokenArrays(items: readonly Settlement[]): string[] {
  const buckets = items.map((item) => exclusive(item.tokens));
  return (Object.keys(tokenColumns) as (keyof Buckets)[]).map((name) => plainArray(buckets.map((counts) => counts[name])));
}

function priceArrays(given: readonly TokenPrice[]): string[] {
  const prices = given.map(allPrices);
  return [...(Object.keys(priceColumns) as (keyof Prices)[]).map((name) => plainArray(prices.map((price) => price[name]))), textArray(given.map(({ version }) => version ?? ''))];
}
