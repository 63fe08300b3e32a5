import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets, in seconds, for what takes milliseconds up to a minute. */
export const SECONDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Buckets, in seconds, for model calls, runs and HTTP requests: those that the GenAI conventions of OpenTelemetry name. */
export const LONG_SECONDS: readonly number[] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/**
 * What one process measures, for `GET /metrics`. Services that share a process share it, so names and labels must tell them apart; a name
 * that is asked for again is the same measure. No label may have values without bound: no tenant, no run, no message.
 */
export class Metrics {
  private readonly registry = new Registry();
  readonly contentType: string = this.registry.contentType;

  /** What goes up and down. `read` is called before it is shown, to set it. */
  gauge<L extends string>(name: string, help: string, labelNames: readonly L[], read?: (gauge: Gauge<L>) => void): Gauge<L> {
    const known = this.registry.getSingleMetric(name) as Gauge<L> | undefined;
    return known ?? new Gauge({ name, help, labelNames, registers: [this.registry], ...(read && { collect() { read(this); } }) });
  }

  /** What only goes up; its name ends in `_total`. */
  counter<L extends string>(name: `${string}_total`, help: string, labelNames: readonly L[], read?: (counter: Counter<L>) => void): Counter<L> {
    const known = this.registry.getSingleMetric(name) as Counter<L> | undefined;
    return known ?? new Counter({ name, help, labelNames, registers: [this.registry], ...(read && { collect() { read(this); } }) });
  }

  /** How values are spread over buckets, given by their upper bounds. */
  histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: readonly number[]): Histogram<L> {
    const known = this.registry.getSingleMetric(name) as Histogram<L> | undefined;
    return known ?? new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] });
  }

  /** All of it in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
