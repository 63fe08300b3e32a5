import { Counter } from './counter.js';
import { Gauge } from './gauge.js';
import { Histogram } from './histogram.js';
import type { Measure } from './measure.js';

/** Buckets, in seconds, for what takes milliseconds up to a minute. */
export const SECONDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Buckets, in seconds, for model calls, runs and HTTP requests: those that the GenAI conventions of OpenTelemetry name. */
export const LONG_SECONDS: readonly number[] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/**
 * What one process measures, for `GET /metrics`. Services that share a process share it, so names and labels must tell them apart; a name
 * that is asked for again is the same measure. No label may have values without bound: no tenant, no run, no message.
 */
export class Metrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  private readonly measures = new Map<string, Pick<Measure<string, unknown>, 'lines'>>();

  /** What goes up and down. `read` is called before it is shown, to set it. */
  gauge<L extends string>(name: string, help: string, labelNames: readonly L[], read?: (gauge: Gauge<L>) => void): Gauge<L> {
    return this.known(name, () => new Gauge(name, help, labelNames, read));
  }

  /** What only goes up; its name ends in `_total`. */
  counter<L extends string>(name: `${string}_total`, help: string, labelNames: readonly L[], read?: (counter: Counter<L>) => void): Counter<L> {
    return this.known(name, () => new Counter(name, help, labelNames, read));
  }

  /** How values are spread over buckets, given by their upper bounds. */
  histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: readonly number[]): Histogram<L> {
    return this.known(name, () => new Histogram(name, help, labelNames, buckets));
  }

  /** All of it in Prometheus' text format. */
  async text(): Promise<string> {
    return `${[...this.measures.values()].flatMap((measure) => measure.lines()).join('\n')}\n`;
  }

  private known<M extends Pick<Measure<string, unknown>, 'lines'>>(name: string, make: () => M): M {
    const known = this.measures.get(name) as M | undefined;
    if (known !== undefined) return known;
    const made = make();
    this.measures.set(name, made);
    return made;
  }
}
