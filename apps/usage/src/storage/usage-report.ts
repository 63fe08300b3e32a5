import { Inject, Injectable } from '@nestjs/common';
import type { UsageDimension as Dimension } from '@nexus/contracts';
import type { MicroUsd } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import type { UsageQuery } from '../domain/usage-query.js';
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

type Row = UsageSum & { readonly isTotal: boolean };

const MOST_ROWS = 10_000;

const total = (sum: string, name: string): string => `coalesce(${sum}, 0)::bigint AS "${name}"`;
const FIGURES = [total('sum(cost_micro_usd)', 'cost'), ...Object.entries(tokenColumns).map(([bucket, column]) => total(`sum(${column})`, bucket))].join(', ');

/** What is summed already, and what has to be summed from the rows: the same figures of both. */
const FROM_SUMS = {
  labels: { day: 'day', provider: 'provider', model: 'model', client: 'client', project: 'project' },
  figures: `${total('sum(attempts)', 'attempts')}, ${total('sum(failed)', 'failed')}, coalesce(sum(estimated), 0) > 0 AS "isEstimated", ${FIGURES}`,
  from: 'usage.ledger_sum WHERE true',
} as const;
const FROM_ROWS = {
  labels: {
    day: 'day', provider: "CASE tool WHEN '' THEN provider ELSE 'tool' END", model: "CASE tool WHEN '' THEN model ELSE tool END", client: 'client', project: 'project',
    key: 'key_id', user: 'user_label', agent: 'agent',
  },
  figures: `count(*) FILTER (WHERE correction = 0) AS attempts, count(*) FILTER (WHERE correction = 0 AND result <> 'succeeded') AS failed, coalesce(bool_or(is_estimated), false) AS "isEstimated", ${FIGURES}`,
  from: "usage.ledger WHERE (tool = '' OR cost_micro_usd <> 0)",
} as const;

/** Answers from the sums of the ledger, which at every commit are those of its rows; by key, user and agent from the rows themselves. */
@Injectable()
export class UsageReport {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** One row for each group that has any, in the order of the groups, at most 10,000; and the total of all. Tools that cost nothing are not in it. */
  async sum(tenantId: string, query: UsageQuery): Promise<{ rows: UsageSum[]; total: UsageSum }> {
    const { fromDay, toDay, groupBy, client, project } = query;
    const found = await this.database.withTenant(tenantId, (tx) => tx.query<Row>(`usage_by_${groupBy.join('_')}`, textFor(groupBy), [fromDay, toDay, client ?? null, project ?? null]));
    return { rows: found.filter(({ isTotal }) => !isTotal), total: found.find(({ isTotal }) => isTotal) as UsageSum };
  }
}

/** One pass over what there is, which several workers may share: the groups, and the total of them. */
function textFor(groupBy: readonly Dimension[]): string {
  const source = groupBy.every((dimension) => dimension in FROM_SUMS.labels) ? FROM_SUMS : FROM_ROWS;
  const labels: Partial<Readonly<Record<Dimension, string>>> = source.labels;
  const names = groupBy.map((dimension) => `"${dimension}"`);
  return `
    WITH groups AS MATERIALIZED (
      SELECT ${groupBy.map((dimension) => `(${labels[dimension]})::text AS "${dimension}"`).join(', ')}, ${source.figures}
        FROM ${source.from} AND day BETWEEN $1 AND $2 AND ($3::text IS NULL OR client = $3) AND ($4::text IS NULL OR project = $4) GROUP BY ${groupBy.map((_, i) => i + 1).join(', ')})
    SELECT true AS "isTotal", ${names.map((name) => `NULL AS ${name}`).join(', ')}, coalesce(bool_or("isEstimated"), false) AS "isEstimated", ${SUMMED.map((name) => total(`sum("${name}")`, name)).join(', ')} FROM groups
    UNION ALL
    (SELECT false, ${[...names, '"isEstimated"', ...SUMMED.map((name) => `"${name}"`)].join(', ')} FROM groups ORDER BY ${names.join(', ')} LIMIT ${MOST_ROWS})`;
}

const SUMMED = ['attempts', 'failed', 'cost', ...Object.keys(tokenColumns)];
