import { Measure, numberText, type Labels } from './measure.js';

/** What only goes up; where it has no labels, `inc` takes the number alone. */
export class Counter<L extends string> extends Measure<L, { total: number }> {
  /** @param read called before it is shown, to bring it up to date. */
  constructor(name: string, help: string, labelNames: readonly L[], private readonly read?: (counter: Counter<L>) => void) {
    super(name, help, 'counter', labelNames);
  }

  /** Adds 1 or `by`; 0 makes the series be there. Throws RangeError for less than that. */
  inc(...told: [L] extends [never] ? [by?: number] : [labels: Labels<L>, by?: number]): void {
    const [first, second = 1] = told as [(Labels<L> | number)?, number?];
    const by = typeof first === 'number' ? first : second;
    if (!(by >= 0)) throw new RangeError(`${this.name} only goes up, not by ${by}`);
    this.stateOf(typeof first === 'object' ? first : undefined).total += by;
  }

  protected override beforeShown(): void {
    this.read?.(this);
  }

  protected begin(): { total: number } {
    return { total: 0 };
  }

  protected show(labels: string, { total }: { total: number }): string[] {
    return [`${this.name}${labels} ${numberText(total)}`];
  }
}
