import { costOf } from '@nexus/core';
import { BoundedLabel, LONG_SECONDS, type Metrics } from '@nexus/runtime';
import type { CallPlan } from '../domain/plan-call.js';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import { priceOf } from './answer.js';

/** A provider's wildcard lets callers name models, so their number has a bound here. */
const MOST_MODELS = 100;
const MICRO = 1e6;
const SECOND_MS = 1_000;
/** Those that the GenAI conventions of OpenTelemetry name. */
const TOKENS: readonly number[] = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/** What a router counts by provider and model, for `GET /metrics`; `outcome` is `answered` or the error's code. */
export class RouterMetrics {
  private readonly calls;
  private readonly passedOver;
  private readonly open;
  private readonly durations;
  private readonly firstBytes;
  private readonly tokens;
  private readonly cost;
  private readonly estimated;
  private readonly models = new BoundedLabel(MOST_MODELS);

  constructor(metrics: Pick<Metrics, 'counter' | 'gauge' | 'histogram'>) {
    this.calls = metrics.counter('nexus_router_calls_total', 'Calls of providers, by how they ended: answered, or an error code.', ['provider', 'outcome']);
    this.passedOver = metrics.counter('nexus_router_passed_over_total', 'Calls that were not made because of a breaker or a limit.', ['provider', 'why']);
    this.open = metrics.gauge('nexus_router_breaker_open', '1 while a provider is left alone because it failed too often.', ['provider']);
    this.durations = metrics.histogram('gen_ai_client_operation_duration_seconds', 'How long calls of models took; `error_type` is the code of the error, empty where there was none.', ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model', 'error_type'], LONG_SECONDS);
    this.firstBytes = metrics.histogram('nexus_model_first_byte_seconds', 'From the call of a model to the first byte of its answer.', ['provider', 'model'], LONG_SECONDS);
    this.tokens = metrics.histogram('gen_ai_client_token_usage', 'Tokens of a call of a model, input (cached ones included) or output.', ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model', 'gen_ai_token_type'], TOKENS);
    this.cost = metrics.counter('nexus_model_cost_usd_total', 'What calls of models cost by their providers\' counts and the prices then, US dollars. The ledger is exact; this is for watching.', ['provider', 'model']);
    this.estimated = metrics.counter('nexus_model_estimated_usage_total', 'Calls of models whose tokens NEXUS counted because the provider did not tell them.', ['provider']);
  }

  /** A provider that may be called: its measures begin at zero. */
  offered(provider: string): void {
    this.calls.inc({ provider, outcome: 'answered' }, 0);
    for (const why of ['breaker_open', 'rate_limit']) this.passedOver.inc({ provider, why }, 0);
    this.open.inc({ provider }, 0);
  }

  called(plan: CallPlan, outcome: ProviderOutcome): void {
    const { usage, timings } = outcome;
    const { target, mode, upstreamModel } = plan.model;
    const provider = target.name;
    const model = this.models.of(upstreamModel);
    const errorType = outcome.kind === 'completed' ? '' : outcome.error.code;
    const call = { gen_ai_operation_name: mode === 'embedding' ? 'embeddings' : 'chat', gen_ai_provider_name: provider, gen_ai_request_model: model };
    this.calls.inc({ provider, outcome: errorType || 'answered' });
    this.durations.observe({ ...call, error_type: errorType }, timings.totalMs / SECOND_MS);
    if (timings.firstByteMs !== undefined) this.firstBytes.observe({ provider, model }, timings.firstByteMs / SECOND_MS);
    if (usage === undefined) return;
    this.tokens.observe({ ...call, gen_ai_token_type: 'input' }, usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0));
    this.tokens.observe({ ...call, gen_ai_token_type: 'output' }, usage.output);
    this.cost.inc({ provider, model }, costOf(usage, priceOf(plan, outcome)) / MICRO);
    if (usage.estimated) this.estimated.inc({ provider });
  }

  skipped(provider: string, why: 'breaker_open' | 'rate_limit'): void {
    this.passedOver.inc({ provider, why });
  }

  breaker(provider: string, isOpen: boolean): void {
    this.open.set({ provider }, isOpen ? 1 : 0);
  }
}
