import { Inject, Injectable } from '@nestjs/common';
import type { MicroUsd } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { Dimension, UsageQuery } from '../domain/usage-query.js';

/** Sums of ledger rows; a dimension that was not asked for is undefined. */
export interface UsageSum extends Partial<Readonly<Record<Dimension, string>>> {
  readonly attempts: number;
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  /** Some of it was counted by NEXUS. */
  readonly isEstimated: boolean;
  readonly cost: MicroUsd;
}

const COLUMN: Readonly<Record<Dimension, string>> = { day: 'day', provider: 'provider', model: 'model', client: 'client', project: 'project', key: 'key_id' };

const SUMS = `count(*) FILTER (WHERE correction = 0) AS attempts, coalesce(sum(input_tokens), 0)::bigint AS input, coalesce(sum(cache_read_tokens), 0)::bigint AS "cacheRead",
  coalesce(sum(cache_write_tokens), 0)::bigint AS "cacheWrite", coalesce(sum(output_tokens), 0)::bigint AS output,
  coalesce(sum(reasoning_tokens), 0)::bigint AS reasoning, coalesce(bool_or(is_estimated), false) AS "isEstimated", coalesce(sum(cost_micro_usd), 0)::bigint AS cost`;

/** Answers from the ledger. */
@Injectable()
export class UsageReport {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** One row for each group that has any, in the order of the groups, at most 10,000; and the total of all. Tools are not model usage and not in it. */
  async sum(tenantId: string, query: UsageQuery): Promise<{ rows: UsageSum[]; total: UsageSum }> {
    const { fromDay, toDay, groupBy, client } = query;
    const columns = groupBy.map((dimension) => COLUMN[dimension]);
    const shown = groupBy.map((dimension) => `${COLUMN[dimension]}::text AS ${dimension}, `).join('');
    const from = `FROM usage.ledger WHERE day BETWEEN $1 AND $2 AND tool = '' AND ($3::text IS NULL OR client = $3)`;
    const values = [fromDay, toDay, client ?? null];
    return this.database.withTenant(tenantId, async (tx) => {
      const [rows, total] = await Promise.all([
        tx.query<UsageSum>(`usage_by_${groupBy.join('_')}`, `SELECT ${shown}${SUMS} ${from} GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT 10000`, values),
        tx.query<UsageSum>('usage_total', `SELECT ${SUMS} ${from}`, values),
      ]);
      return { rows, total: total[0] as UsageSum };
    });
  }
}
