import type { UsageDimension, UsageRow } from '@nexus/contracts';
import { csvLines } from './csv.js';
import { decimalUsd } from './decimal-usd.js';
import { labelOf } from './usage-table.js';

const TOKENS = [
  ['input_tokens', 'input'], ['cache_read_tokens', 'cacheRead'], ['cache_write_tokens', 'cacheWrite'], ['cache_write_1h_tokens', 'cacheWrite1h'], ['output_tokens', 'output'],
  ['reasoning_tokens', 'reasoning'], ['audio_input_tokens', 'audioInput'], ['audio_output_tokens', 'audioOutput'], ['images', 'images'], ['requests', 'requests'],
] as const;

/** A line for each group and none for the total: every bucket, whether NEXUS counted some of it, and the cost. Output includes reasoning. */
export function usageCsv(rows: readonly UsageRow[], groups: readonly UsageDimension[]): string[] {
  const header = [...groups, 'calls', 'failed', ...TOKENS.map(([title]) => title), 'estimated', 'cost_micro_usd', 'cost_usd'];
  return csvLines(header, rows.map((row) => [
    ...groups.map((group) => labelOf(row, group)), String(row.attempts), String(row.failed), ...TOKENS.map(([, bucket]) => String(row.tokens?.[bucket] ?? 0n)),
    String(row.tokens?.estimated ?? false), String(row.costMicroUsd), decimalUsd(row.costMicroUsd),
  ]));
}
