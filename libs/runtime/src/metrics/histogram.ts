import { Measure, numberText, type Labels } from './measure.js';

interface Spread {
  /** By bucket, each without those below it. */
  readonly counts: Float64Array;
  sum: number;
  count: number;
}

/** How values are spread over buckets; where it has no labels, `observe` takes the value alone. */
export class Histogram<L extends string> extends Measure<L, Spread> {
  /** @param bounds upper bounds of the buckets, growing. */
  constructor(name: string, help: string, labelNames: readonly L[], private readonly bounds: readonly number[]) {
    super(name, help, 'histogram', labelNames);
  }

  /** A value that is no number counts for nothing. */
  observe(...told: [L] extends [never] ? [value: number] : [labels: Labels<L>, value: number]): void {
    const [first, second = Number.NaN] = told as [Labels<L> | number, number?];
    const value = typeof first === 'number' ? first : second;
    if (Number.isNaN(value)) return;
    const spread = this.stateOf(typeof first === 'number' ? undefined : first);
    spread.sum += value;
    spread.count++;
    for (let i = 0; i < this.bounds.length; i++) {
      if (value > (this.bounds[i] ?? 0)) continue;
      spread.counts[i] = (spread.counts[i] ?? 0) + 1;
      return;
    }
  }

  protected begin(): Spread {
    // the base class makes the one series of a measure without labels before this one knows its bounds
    return { counts: new Float64Array(MOST_BUCKETS), sum: 0, count: 0 };
  }

  protected show(labels: string, { counts, sum, count }: Spread): string[] {
    const within = (bound: string): string => (labels === '' ? `{le="${bound}"}` : `${labels.slice(0, -1)},le="${bound}"}`);
    let below = 0;
    const buckets = this.bounds.map((bound, i) => `${this.name}_bucket${within(String(bound))} ${(below += counts[i] ?? 0)}`);
    return [...buckets, `${this.name}_bucket${within('+Inf')} ${count}`, `${this.name}_sum${labels} ${numberText(sum)}`, `${this.name}_count${labels} ${count}`];
  }
}

const MOST_BUCKETS = 32;
