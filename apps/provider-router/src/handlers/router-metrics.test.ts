import { Metrics } from '@nexus/runtime';
import { expect, it } from 'vitest';
import type { CallPlan } from '../domain/plan-call.js';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import { RouterMetrics } from './router-metrics.js';

const planOf = (upstreamModel: string): CallPlan => ({
  model: { target: { name: 'cloud' }, upstreamModel, mode: 'chat', longContext: undefined, price: { input: 1_000_000, output: 4_000_000, cacheRead: 0, cacheWrite: 0 } }, price: {},
}) as unknown as CallPlan;
const usage = { input: 1_000, cacheRead: 200, cacheWrite: 0, output: 500, reasoning: 0, estimated: true };
const answered = { kind: 'completed', usage, timings: { totalMs: 1_500, firstByteMs: 400 } } as unknown as ProviderOutcome;
const failed = { kind: 'failed', error: { code: 'timeout' }, usage: undefined, timings: { totalMs: 30_000, firstByteMs: undefined } } as unknown as ProviderOutcome;

it('tells of calls by the conventions of generative AI, and what they cost', async () => {
  const metrics = new Metrics();
  const router = new RouterMetrics(metrics);
  router.offered('cloud');
  router.called(planOf('mini'), answered);
  router.called(planOf('mini'), failed);
  const call = 'gen_ai_operation_name="chat",gen_ai_provider_name="cloud",gen_ai_request_model="mini"';
  const lines = (await metrics.text()).split('\n');
  for (const line of [
    `gen_ai_client_operation_duration_seconds_sum{${call},error_type=""} 1.5`, `gen_ai_client_operation_duration_seconds_sum{${call},error_type="timeout"} 30`,
    `gen_ai_client_token_usage_sum{${call},gen_ai_token_type="input"} 1200`, `gen_ai_client_token_usage_sum{${call},gen_ai_token_type="output"} 500`,
    'nexus_router_calls_total{provider="cloud",outcome="answered"} 1', 'nexus_router_calls_total{provider="cloud",outcome="timeout"} 1', 'nexus_router_breaker_open{provider="cloud"} 0',
    'nexus_model_first_byte_seconds_sum{provider="cloud",model="mini"} 0.4', 'nexus_model_cost_usd_total{provider="cloud",model="mini"} 0.003', 'nexus_model_estimated_usage_total{provider="cloud"} 1',
  ]) expect(lines).toContain(line);
});

it('does not take every name that callers make up for a label', async () => {
  const metrics = new Metrics();
  const router = new RouterMetrics(metrics);
  for (let i = 0; i < 150; i++) router.called(planOf(`made-up-${i}`), failed);
  const models = new Set([...(await metrics.text()).matchAll(/gen_ai_request_model="([^"]+)"/g)].map(([, model]) => model));
  expect(models.size).toBe(101);
  expect(models).toContain('other');
});
