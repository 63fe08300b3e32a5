import type { UsageRow } from '@nexus/contracts';

/** What a client is charged for one project and model; money in micro-USD. */
export interface InvoiceLine {
  readonly project: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: bigint;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly isEstimated: boolean;
  /** What it cost. */
  readonly cost: bigint;
  /** Cost and markup. */
  readonly amount: bigint;
}

/** Totals are the sums of the lines, to the micro-USD. */
export interface Invoice {
  readonly client: string;
  readonly from: string;
  readonly to: string;
  readonly markupPercent: number;
  readonly lines: readonly InvoiceLine[];
  readonly cost: bigint;
  readonly amount: bigint;
  /** The amount in cents, rounded half up. */
  readonly cents: bigint;
}

const MICRO_USD_PER_CENT = 10_000n;
/** A markup has two decimals at most: a hundredth of a percent is one in ten thousand. */
const WHOLE = 10_000n;

/** The invoice of one client. The markup is rounded half up to the micro-USD once, on each line. */
export function invoiceOf(client: string, days: { readonly from: string; readonly to: string }, rows: readonly UsageRow[], markupPercent: number): Invoice {
  const factor = WHOLE + BigInt(Math.round(markupPercent * 100));
  const lines = rows.map(({ project, provider, model, attempts, tokens, costMicroUsd }): InvoiceLine => ({
    project, provider, model,
    calls: attempts,
    inputTokens: (tokens?.input ?? 0n) + (tokens?.cacheRead ?? 0n) + (tokens?.cacheWrite ?? 0n) + (tokens?.cacheWrite1h ?? 0n) + (tokens?.audioInput ?? 0n),
    outputTokens: (tokens?.output ?? 0n) + (tokens?.audioOutput ?? 0n),
    isEstimated: tokens?.estimated ?? false,
    cost: costMicroUsd,
    amount: halfUp(costMicroUsd * factor, WHOLE),
  }));
  const amount = lines.reduce((sum, line) => sum + line.amount, 0n);
  return { client, ...days, markupPercent, lines, cost: lines.reduce((sum, line) => sum + line.cost, 0n), amount, cents: halfUp(amount, MICRO_USD_PER_CENT) };
}

/** Rounded to the nearest; what lies in the middle goes up. */
function halfUp(value: bigint, divisor: bigint): bigint {
  const doubled = 2n * value + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && quotient * 2n * divisor !== doubled ? quotient - 1n : quotient;
}
