import { Measure, numberText, type Labels } from './measure.js';

/** What goes up and down; where it has no labels, `set`, `inc` and `dec` take the number alone. */
export class Gauge<L extends string> extends Measure<L, { value: number }> {
  /** @param read called before it is shown, to set it. */
  constructor(name: string, help: string, labelNames: readonly L[], private readonly read?: (gauge: Gauge<L>) => void) {
    super(name, help, 'gauge', labelNames);
  }

  set(...told: [L] extends [never] ? [value: number] : [labels: Labels<L>, value: number]): void {
    const [first, second = 0] = told as [Labels<L> | number, number?];
    if (typeof first === 'number') this.stateOf(undefined).value = first;
    else this.stateOf(first).value = second;
  }

  inc(...told: [L] extends [never] ? [by?: number] : [labels: Labels<L>, by?: number]): void {
    const [first, second = 1] = told as [(Labels<L> | number)?, number?];
    if (typeof first === 'object') this.stateOf(first).value += second;
    else this.stateOf(undefined).value += first ?? 1;
  }

  dec(...told: [L] extends [never] ? [by?: number] : [labels: Labels<L>, by?: number]): void {
    const [first, second = 1] = told as [(Labels<L> | number)?, number?];
    if (typeof first === 'object') this.stateOf(first).value -= second;
    else this.stateOf(undefined).value -= first ?? 1;
  }

  protected override beforeShown(): void {
    this.read?.(this);
  }

  protected begin(): { value: number } {
    return { value: 0 };
  }

  protected show(labels: string, { value }: { value: number }): string[] {
    return [`${this.name}${labels} ${numberText(value)}`];
  }
}
