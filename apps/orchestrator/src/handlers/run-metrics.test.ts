import { Outcome } from '@nexus/contracts';
import { Metrics } from '@nexus/runtime';
import { expect, it } from 'vitest';
import type { LiveRun } from './live-run.js';
import { RunMetrics } from './run-metrics.js';

const ended = (outcome: Outcome, code = '', surface = 'telegram'): LiveRun => ({
  accepted: { request: { surface } },
  state: { acceptedAt: 1_000, startedAt: 1_500, step: 2, usage: { costMicroUsd: 2_000 }, ending: { outcome, at: 4_000, ...(code !== '' && { error: { code } }) } },
}) as unknown as LiveRun;

it('tells how runs ended, of which surface they were, and what they took', async () => {
  const metrics = new Metrics();
  const runs = new RunMetrics(metrics);
  runs.ended(ended(Outcome.ANSWERED));
  runs.ended(ended(Outcome.FAILED, 'step_limit', ''));
  runs.refused('overloaded');
  runs.quiet(3, 12_500);
  const text = await metrics.text();
  for (const line of [
    'nexus_runs_ended_total{outcome="answered"} 1', 'nexus_runs_ended_total{outcome="failed"} 1', 'nexus_runs_ended_total{outcome="cancelled"} 0',
    'nexus_runs_of_surface_total{surface="telegram"} 1', 'nexus_runs_of_surface_total{surface="none"} 1', 'nexus_run_failures_total{code="step_limit"} 1',
    'nexus_requests_refused_total{code="overloaded"} 1', 'nexus_run_duration_seconds_sum{outcome="answered"} 3', 'nexus_run_thread_wait_seconds_sum 1',
    'nexus_run_steps_sum 4', 'nexus_run_cost_usd_sum 0.004', 'nexus_runs_quiet 3', 'nexus_run_longest_quiet_seconds 12.5',
  ]) expect(text.split('\n')).toContain(line);
});
