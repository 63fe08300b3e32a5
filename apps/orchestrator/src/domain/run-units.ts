/** What a run took on machines of one's own. */
export interface RunWork {
  /** Milliseconds that processors worked for it in processes of its tools. */
  readonly cpuMs: number;
  /** Milliseconds that local models worked for it. */
  readonly computeMs: number;
  /** Of the dearest model that was called; empty when none is known. */
  readonly tier: string;
  readonly toolCalls: number;
}

/** Units for a second of a tier's models: better ones hold larger machines. The cheapest first. */
const MULTIPLIERS: ReadonlyMap<string, number> = new Map([['fast', 1], ['balanced', 4], ['best', 15]]);
/** Thousandths of a unit for each call of a tool: it keeps a worker about a twentieth of a second beside its own work. */
const TOOL_CALL = 50;

/**
 * Run units in whole thousandths, rounded up: max(CPU seconds, seconds of local models) x multiplier of the tier + overhead of the tools.
 * Both work at the same time, so that only the longer of the two counts. A millisecond of a multiplier of one is a thousandth of a unit.
 */
export function runUnits({ cpuMs, computeMs, tier, toolCalls }: RunWork): number {
  return Math.ceil(Math.max(cpuMs, computeMs) * (MULTIPLIERS.get(tier) ?? 1)) + toolCalls * TOOL_CALL;
}

/** The one of two tiers whose models are dearer; a name that is no tier counts as none. */
export function dearerTier(a: string, b: string): string {
  const order = [...MULTIPLIERS.keys()];
  return order.indexOf(b) > order.indexOf(a) ? b : a;
}
