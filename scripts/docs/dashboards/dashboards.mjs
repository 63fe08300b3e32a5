/** The dashboards of deploy/grafana. Every query is asked of a real Prometheus by test/e2e/prometheus.test.ts. */
import { bus } from './bus.mjs';
import { money } from './money.mjs';
import { overview } from './overview.mjs';
import { runs } from './runs.mjs';

export const dashboards = [overview, runs, money, bus];
