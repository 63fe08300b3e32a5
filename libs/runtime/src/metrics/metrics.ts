import { Counter, Gauge, Registry } from 'prom-client';

/**
 * What one process measures, for `GET /metrics`. Services that share a process share it, so names and labels must tell them apart; a name
 * that is asked for again is the same measure. No label may have values without bound: no tenant, no run, no message.
 */
export class Metrics {
  private readonly registry = new Registry();
  readonly contentType: string = this.registry.contentType;

  /** What goes up and down. */
  gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    const known = this.registry.getSingleMetric(name) as Gauge<L> | undefined;
    return known ?? new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** What only goes up; its name ends in `_total`. */
  counter<L extends string>(name: `${string}_total`, help: string, labelNames: readonly L[]): Counter<L> {
    const known = this.registry.getSingleMetric(name) as Counter<L> | undefined;
    return known ?? new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** All of it in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
