import { Inject, Injectable } from '@nestjs/common';
import type { MicroUsd } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { Dimension, UsageQuery } from '../domain/usage-query.js';
import { tokenColumns, type Buckets } from './bucket-columns.js';

/** Sums of ledger rows, in exclusive buckets; a dimension that was not asked for is undefined. */
export interface UsageSum extends Buckets, Partial<Readonly<Record<Dimension, string>>> {
  readonly attempts: number;
  /** Those that did not succeed, whatever they cost. */
  readonly failed: number;
  /** Some of it was counted by NEXUS. */
  readonly isEstimated: boolean;
  readonly cost: MicroUsd;
}

const COLUMN: Readonly<Record<Dimension, string>> = {
  day: 'day', provider: 'provider', model: 'model', client: 'client', project: 'project', key: 'key_id', user: 'user_label', agent: 'agent',
};

const total = (column: string, name: string): string => `coalesce(sum(${column}), 0)::bigint AS "${name}"`;
const SUMS = [
  total('attempts', 'attempts'), total('failed', 'failed'), "coalesce(sum(estimated), 0) > 0 AS \"isEstimated\"", total('cost_micro_usd', 'cost'),
  ...Object.entries(tokenColumns).map(([bucket, column]) => total(column, bucket)),
].join(', ');

/** Answers from the sums of the ledger, which at every commit are those of its rows. */
@Injectable()
export class UsageReport {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** One row for each group that has any, in the order of the groups, at most 10,000; and the total of all. Tools that cost nothing are not in it. */
  async sum(tenantId: string, query: UsageQuery): Promise<{ rows: UsageSum[]; total: UsageSum }> {
    const { fromDay, toDay, groupBy, client, project } = query;
    const columns = groupBy.map((dimension) => COLUMN[dimension]);
    const shown = groupBy.map((dimension) => `${COLUMN[dimension]}::text AS "${dimension}", `).join('');
    const from = 'FROM usage.ledger_sum WHERE day BETWEEN $1 AND $2 AND ($3::text IS NULL OR client = $3) AND ($4::text IS NULL OR project = $4)';
    const values = [fromDay, toDay, client ?? null, project ?? null];
    return this.database.withTenant(tenantId, async (tx) => {
      const [rows, sums] = await Promise.all([
        tx.query<UsageSum>(`usage_by_${groupBy.join('_')}`, `SELECT ${shown}${SUMS} ${from} GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT 10000`, values),
        tx.query<UsageSum>('usage_total', `SELECT ${SUMS} ${from}`, values),
      ]);
      return { rows, total: sums[0] as UsageSum };
    });
  }
}
