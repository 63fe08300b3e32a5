import { Inject, Injectable } from '@nestjs/common';
import { plainArray, textArray, type Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { PlannedAttempt, Resolution, Settlement } from '../domain/attempt.js';
import { dayOf, type BudgetPeriod } from '../domain/budget-window.js';
import { reservationOf } from '../domain/reservation.js';
import { groupByTenant } from './tenant-groups.js';

/** What became of an attempt that was not simply opened as asked. */
export interface OpenedRow {
  readonly attempt_id: string;
  readonly outcome: 'opened' | 'in_flight' | 'settled' | 'unknown' | 'refused';
  readonly granted: number;
  readonly budget_name: string | null;
  readonly budget_period: BudgetPeriod | null;
  /** YYYY-MM-DD; set with the budget. */
  readonly day: string | null;
  /** Another owner, alive, whose attempt it is; empty or null when there is none. */
  readonly held_by: string | null;
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

const OPEN = `SELECT attempt_id, outcome, granted, budget_name, budget_period, day::text, held_by FROM usage.open_attempts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`;

const SETTLE = `SELECT * FROM usage.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)`;

/** An attempt with what its ledger row adds once it is settled. */
export interface AttemptOfRun {
  readonly id: string;
  readonly state: 'open' | 'unknown' | 'settled' | 'refused';
  readonly provider: string;
  readonly model: string;
  readonly reserved: number;
  readonly openedAt: Date;
  readonly settledAt: Date | null;
  readonly input: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly isEstimated: boolean | null;
  readonly cost: number | null;
  readonly errorCode: string | null;
  readonly resolution: Resolution | null;
}

const attemptsWhere = (condition: string): string => `
  SELECT a.id, a.state, a.provider, a.model, a.reserved_micro_usd AS reserved, a.opened_at AS "openedAt", a.settled_at AS "settledAt", l.*
    FROM usage.attempt a LEFT JOIN LATERAL (
      SELECT sum(x.input_tokens)::bigint AS input, sum(x.cache_read_tokens)::bigint AS "cacheRead", sum(x.cache_write_tokens)::bigint AS "cacheWrite",
             sum(x.output_tokens)::bigint AS output, sum(x.reasoning_tokens)::bigint AS reasoning, sum(x.cost_micro_usd)::bigint AS cost,
             (array_agg(x.is_estimated ORDER BY x.correction DESC))[1] AS "isEstimated", (array_agg(x.error_code ORDER BY x.correction DESC))[1] AS "errorCode",
             (array_agg(x.resolution ORDER BY x.correction DESC))[1] AS resolution
        FROM usage.ledger x WHERE x.tenant_id = a.tenant_id AND x.attempt_id = a.id) l ON true
   WHERE ${condition} ORDER BY a.opened_at, a.step, a.id LIMIT 1000`;
const OF_RUN = attemptsWhere('a.run_id = $1');
const UNKNOWN = attemptsWhere("a.state = 'unknown'");

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
      textArray(items.map((item) => item.attribution.client)),
      textArray(items.map((item) => item.attribution.project)),
      textArray(items.map((item) => item.attribution.keyId)),
      plainArray(items.map((item) => item.runId ?? 'NULL')),
      plainArray(items.map((item) => item.step)),
      plainArray(reservations.map((reservation) => reservation.worstCase)),
      plainArray(reservations.map((reservation) => reservation.fixed)),
      plainArray(items.map((item) => item.maxOutputTokens)),
      plainArray(items.map((item) => item.minOutputTokens)),
      plainArray(items.map((item) => item.price.input)),
      plainArray(items.map((item) => item.price.output)),
      plainArray(items.map((item) => item.price.cacheRead)),
      plainArray(items.map((item) => item.price.cacheWrite)),
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
      plainArray(items.map((item) => item.result)),
      textArray(items.map((item) => item.provider)),
      textArray(items.map((item) => item.model)),
      textArray(items.map((item) => item.tool)),
      textArray(items.map((item) => item.attribution.client)),
      textArray(items.map((item) => item.attribution.project)),
      textArray(items.map((item) => item.attribution.keyId)),
      plainArray(items.map((item) => item.runId ?? 'NULL')),
      plainArray(items.map((item) => item.tokens.input)),
      plainArray(items.map((item) => item.tokens.cacheRead)),
      plainArray(items.map((item) => item.tokens.cacheWrite)),
      plainArray(items.map((item) => item.tokens.output)),
      plainArray(items.map((item) => item.reasoningTokens)),
      plainArray(items.map((item) => item.isEstimated)),
      plainArray(items.map((item) => item.price.input)),
      plainArray(items.map((item) => item.price.output)),
      plainArray(items.map((item) => item.price.cacheRead)),
      plainArray(items.map((item) => item.price.cacheWrite)),
      plainArray(items.map((item) => item.cost)),
      plainArray(items.map((item) => `"${new Date(item.finishedAtMs === 0 ? now : item.finishedAtMs).toISOString()}"`)),
      plainArray(items.map((item) => item.durationMs)),
      textArray(items.map((item) => item.errorCode)),
      textArray(items.map((item) => item.providerRequestId)),
      textArray(items.map((item) => item.traceId)),
      textArray(items.map((item) => item.resolution)),
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
