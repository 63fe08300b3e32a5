/** A value for each label. */
export type Labels<L extends string> = Readonly<Record<L, string | number>>;

interface Series<S> {
  /** `{a="x",b="y"}`, or empty. */
  readonly shown: string;
  readonly state: S;
}

/** One name with its series, one for each set of label values. To count costs a text of these values and a look into a map, and nothing else. */
export abstract class Measure<L extends string, S> {
  private readonly series = new Map<string, Series<S>>();

  constructor(
    readonly name: string,
    private readonly help: string,
    private readonly kind: 'counter' | 'gauge' | 'histogram',
    private readonly labelNames: readonly L[],
  ) {
    if (labelNames.length === 0) this.stateOf(undefined);
  }

  /** Forgets a series: it is no longer shown, and begins anew when it is told of again. */
  remove(labels?: Labels<L>): void {
    this.series.delete(this.keyOf(labels));
  }

  /** In Prometheus' text format. */
  lines(): string[] {
    this.beforeShown();
    return [`# HELP ${this.name} ${this.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${this.name} ${this.kind}`, ...[...this.series.values()].flatMap(({ shown, state }) => this.show(shown, state))];
  }

  protected beforeShown(): void {}
  protected abstract begin(): S;
  protected abstract show(labels: string, state: S): string[];

  protected stateOf(labels: Labels<L> | undefined): S {
    const key = this.keyOf(labels);
    const known = this.series.get(key);
    if (known !== undefined) return known.state;
    const fresh = { shown: this.shown(labels), state: this.begin() };
    this.series.set(key, fresh);
    return fresh.state;
  }

  private keyOf(labels: Labels<L> | undefined): string {
    if (labels === undefined) return '';
    let key = '';
    for (const name of this.labelNames) key += `${labels[name]}\u0000`;
    return key;
  }

  private shown(labels: Labels<L> | undefined): string {
    if (labels === undefined) return '';
    return `{${this.labelNames.map((name) => `${name}="${String(labels[name]).replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`).join(',')}}`;
  }
}

/** A number as Prometheus reads it. */
export const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf');
