/** What a run took on machines of one's own. */
export interface RunWork {
  /** Seconds that processors worked for it. */
  readonly cpuSeconds: number;
  /** Seconds that a graphics card worked for it: those of local models. */
  readonly gpuSeconds: number;
  /** Of the dearest model that answered; undefined when no tier is known. */
  readonly tier: string | undefined;
  readonly toolCalls: number;
}

/** How work becomes units. */
export interface RunUnitRates {
  /** Units for a second, by tier. */
  readonly tiers: Readonly<Record<string, number>>;
  /** Units for a second where no tier is known. */
  readonly withoutTier: number;
  /** Units for each call of a tool, whatever it takes. */
  readonly toolOverhead: number;
}

/** A second of a fast model is one unit; better ones hold larger machines. A tool keeps a worker about a twentieth of a second beside its own work. */
export const usualRunUnitRates: RunUnitRates = { tiers: { fast: 1, balanced: 4, best: 15 }, withoutTier: 1, toolOverhead: 0.05 };

const THOUSANDTHS = 1_000;

/**
 * Run units in whole thousandths, rounded up: max(CPU seconds, GPU seconds) x multiplier of the tier + overhead of the tools. CPU and GPU work at the
 * same time, so that only the longer of the two counts. Throws RangeError for work below zero.
 */
export function runUnits({ cpuSeconds, gpuSeconds, tier, toolCalls }: RunWork, rates: RunUnitRates = usualRunUnitRates): number {
  for (const [name, amount] of Object.entries({ cpuSeconds, gpuSeconds, toolCalls })) {
    if (!Number.isFinite(amount) || amount < 0) throw new RangeError(`${name} must be zero or more, not ${amount}`);
  }
  const multiplier = tier !== undefined && Object.hasOwn(rates.tiers, tier) ? (rates.tiers[tier] ?? rates.withoutTier) : rates.withoutTier;
  const units = Math.max(cpuSeconds, gpuSeconds) * multiplier + toolCalls * rates.toolOverhead;
  // Without the dust that doubles leave: 3 x 0.05 is 0.15.
  return Math.ceil(Number((units * THOUSANDTHS).toPrecision(12)));
}
