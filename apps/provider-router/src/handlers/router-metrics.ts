import type { Metrics } from '@nexus/runtime';
import type { ProviderOutcome } from '../providers/provider-outcome.js';

/** What a router counts by provider, for `GET /metrics`; `outcome` is `answered` or the error's code. */
export class RouterMetrics {
  private readonly calls;
  private readonly passedOver;
  private readonly open;

  constructor(metrics: Pick<Metrics, 'counter' | 'gauge'>) {
    this.calls = metrics.counter('nexus_router_calls_total', 'Calls of providers, by how they ended: answered, or an error code.', ['provider', 'outcome']);
    this.passedOver = metrics.counter('nexus_router_passed_over_total', 'Calls that were not made because of a breaker or a limit.', ['provider', 'why']);
    this.open = metrics.gauge('nexus_router_breaker_open', '1 while a provider is left alone because it failed too often.', ['provider']);
  }

  called(provider: string, outcome: ProviderOutcome): void {
    this.calls.inc({ provider, outcome: outcome.kind === 'completed' ? 'answered' : outcome.error.code });
  }

  skipped(provider: string, why: 'breaker_open' | 'rate_limit'): void {
    this.passedOver.inc({ provider, why });
  }

  breaker(provider: string, isOpen: boolean): void {
    this.open.set({ provider }, isOpen ? 1 : 0);
  }
}
