import { BudgetLevel, BudgetScope, tokensJson, type Budget, type GetUsageResponse, type LedgerRowJson, type RunQuota, type UsageRow } from '@nexus/contracts';

/** Sums of the ledger as the API shows them. */
export interface UsageStatsJson {
  readonly object: 'usage_stats';
  readonly data: readonly LedgerRowJson[];
  readonly total: LedgerRowJson;
}

/** A budget as the API shows it; money in micro-USD. */
export interface BudgetJson {
  readonly name: string;
  readonly period: string;
  readonly scope: string;
  readonly subject: string | null;
  readonly level: string;
  readonly limit_micro_usd: number;
  readonly spent_micro_usd: number;
  readonly reserved_micro_usd: number;
  /** What a call may still set aside; never below 0. */
  readonly left_micro_usd: number;
  /** Unix milliseconds; null for a budget without a period. */
  readonly resets_at_ms: number | null;
  /** Unix milliseconds; null when it was not reached. */
  readonly reached_at_ms: number | null;
}

/** What a plan has left this month. */
export interface RunQuotaJson {
  readonly plan: string;
  readonly runs_per_month: number;
  readonly used: number;
  /** Unix milliseconds. */
  readonly resets_at_ms: number;
}

export function runQuotaJson(runs: RunQuota | undefined): RunQuotaJson | null {
  if (!runs || runs.plan === '') return null;
  return { plan: runs.plan, runs_per_month: Number(runs.runsPerMonth), used: Number(runs.used), resets_at_ms: Number(runs.resetsAt) };
}

/** One object for each group, with the labels it has, and one for all of them. */
export function usageStatsJson({ rows, total }: GetUsageResponse): UsageStatsJson {
  return { object: 'usage_stats', data: rows.map(sumJson), total: total ? figures(total) : {} };
}

export function budgetJson(budget: Budget): BudgetJson {
  const [limit, spent, reserved] = [budget.limitMicroUsd, budget.spentMicroUsd, budget.reservedMicroUsd].map(Number) as [number, number, number];
  return {
    name: budget.name,
    period: budget.period,
    scope: nameOf(BudgetScope[budget.scope], 'tenant'),
    subject: budget.subject || null,
    level: nameOf(BudgetLevel[budget.level], 'hard'),
    limit_micro_usd: limit,
    spent_micro_usd: spent,
    reserved_micro_usd: reserved,
    left_micro_usd: Math.max(0, limit - spent - reserved),
    resets_at_ms: budget.resetsAt > 0n ? Number(budget.resetsAt) : null,
    reached_at_ms: budget.reachedAt > 0n ? Number(budget.reachedAt) : null,
  };
}

const LABELS = ['day', 'provider', 'model', 'client', 'project', 'user', 'agent'] as const;

function sumJson(row: UsageRow): LedgerRowJson {
  const labels = LABELS.filter((name) => row[name] !== '').map((name): [string, unknown] => [name, row[name]]);
  return { ...Object.fromEntries<unknown>(labels), ...(row.keyId !== '' && { key_id: row.keyId }), ...figures(row) };
}

function figures({ attempts, failed, costMicroUsd, tokens }: UsageRow): LedgerRowJson {
  return { attempts: Number(attempts), failed: Number(failed), cost_micro_usd: Number(costMicroUsd), tokens: tokensJson(tokens) };
}

function nameOf(name: string | undefined, unset: string): string {
  return name === undefined || name === 'UNSPECIFIED' ? unset : name.toLowerCase();
}
