import type { GetUsageResponse, UsageDimension, UsageRow } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { groupDigits } from './count.js';
import { table, type Column } from './table.js';

const numbers: readonly Column[] = ['CALLS', 'INPUT', 'CACHED', 'OUTPUT', 'USD'].map((title) => ({ title, align: 'right' }));

/** The ledger's figures by group, then their total; money in USD with six decimals. */
export function usageTable({ rows, total }: GetUsageResponse, groups: readonly UsageDimension[]): string[] {
  if (rows.length === 0) return ['No model was called in this time.'];
  const columns: Column[] = [...groups.map((group) => ({ title: group.toUpperCase() })), ...numbers];
  const lines = rows.map((row) => [...groups.map((group) => labelOf(row, group) || '-'), ...figuresOf(row)]);
  const sum = total === undefined ? [] : [[...groups.map((_, i) => (i === 0 ? 'total' : '')), ...figuresOf(total)]];
  return table(columns, [...lines, ...sum]);
}

function figuresOf({ attempts, tokens, costMicroUsd }: UsageRow): string[] {
  const cached = tokens === undefined ? 0n : tokens.cacheRead + tokens.cacheWrite + tokens.cacheWrite1h;
  return [attempts, tokens?.input ?? 0n, cached, tokens?.output ?? 0n].map(groupDigits).concat(formatUsd(Number(costMicroUsd)));
}

/** The label of a line; empty when the calls had none. */
export function labelOf(row: UsageRow, group: UsageDimension): string {
  return group === 'key' ? row.keyId : row[group];
}
