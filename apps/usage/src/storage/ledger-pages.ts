import { Inject, Injectable } from '@nestjs/common';
import type { MicroUsd } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { AttemptResult, Resolution } from '../domain/attempt.js';
import type { LedgerPlace, LedgerQuery } from '../domain/ledger-query.js';
import { priceColumns, tokenColumns, type Buckets, type Prices } from './bucket-columns.js';

/** A row of the ledger; the buckets of tokens are exclusive. */
export interface LedgerEntry extends LedgerPlace {
  readonly attemptId: string;
  /** 0 is what was booked first; others correct it, with differences. */
  readonly correction: number;
  readonly settledAt: Date;
  readonly finishedAt: Date;
  readonly durationMs: number;
  readonly result: AttemptResult;
  readonly provider: string;
  readonly model: string;
  readonly tool: string;
  readonly tokens: Buckets;
  readonly isEstimated: boolean;
  readonly price: Prices & { readonly version: string };
  readonly cost: MicroUsd;
  readonly reserved: MicroUsd;
  readonly client: string;
  readonly project: string;
  readonly keyId: string;
  readonly user: string;
  readonly agent: string;
  readonly threadId: string;
  readonly runId: string | null;
  readonly step: number;
  readonly errorCode: string;
  readonly requested: string;
  readonly route: string;
  readonly providerRequestId: string;
  readonly traceId: string;
  readonly resolution: Resolution;
}

const object = (columns: Readonly<Record<string, string>>): string => `jsonb_build_object(${Object.entries(columns).map(([name, column]) => `'${name}', ${column}`).join(', ')})`;

const ROW = `l.day::text AS day, entry, attempt_id AS "attemptId", correction, settled_at AS "settledAt", finished_at AS "finishedAt", duration_ms AS "durationMs", result,
  provider, model, tool, ${object(tokenColumns)} AS tokens, is_estimated AS "isEstimated", ${object({ ...priceColumns, version: 'price_version' })} AS price,
  cost_micro_usd AS cost, reserved_micro_usd AS reserved, client, project, key_id AS "keyId", user_label AS "user", agent, thread_id AS "threadId", run_id AS "runId", step,
  error_code AS "errorCode", requested, route, provider_request_id AS "providerRequestId", trace_id AS "traceId", resolution`;

const pageOf = (rows: string): string => `
  SELECT ${ROW} FROM ${rows} l
   WHERE l.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR l.client = $3) AND ($4::text IS NULL OR l.project = $4) AND (l.day, l.entry) < ($5, $6)
   ORDER BY l.tenant_id DESC, l.day DESC, l.entry DESC LIMIT $7`;
/** By the key of the ledger, backwards. It begins with the tenant: without it in the order the planner would sort. */
const PAGE = pageOf('usage.ledger');
/** Found by the run alone; left to itself the planner would look for it among all rows, in their order. */
const PAGE_OF_RUN = pageOf('(SELECT * FROM usage.ledger WHERE run_id = $8 OFFSET 0)');

/** Reads the ledger page by page. */
@Injectable()
export class LedgerPages {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first: by day, and within a day as they were written. `next` is the place of the last row when there are more. Rows written meanwhile move nothing. */
  async read(tenantId: string, { fromDay, toDay, client, project, runId, limit, after }: LedgerQuery): Promise<{ rows: LedgerEntry[]; next: LedgerPlace | undefined }> {
    const values = [fromDay, toDay, client ?? null, project ?? null, after?.day ?? '9999-12-31', after?.entry ?? Number.MAX_SAFE_INTEGER, limit + 1];
    const found = await this.database.withTenant(tenantId, (tx) => (runId === undefined
      ? tx.query<LedgerEntry>('ledger_page', PAGE, values)
      : tx.query<LedgerEntry>('ledger_page_of_run', PAGE_OF_RUN, [...values, runId])));
    const rows = found.slice(0, limit);
    return { rows, next: found.length > limit ? rows.at(-1) : undefined };
  }
}
