import { Outcome } from '@nexus/contracts';
import { BoundedLabel, LONG_SECONDS, type Metrics } from '@nexus/runtime';
import type { LiveRun } from './live-run.js';

const SECOND_MS = 1_000;
const MICRO = 1e6;
const MOST_SURFACES = 20;
const MOST_CODES = 50;
const STEPS: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24];
const USD: readonly number[] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const outcomes = ['answered', 'failed', 'cancelled', 'refused'] as const;

/** What an orchestrator counts of runs, for `GET /metrics`. */
export class RunMetrics {
  private readonly endings;
  private readonly surfaces;
  private readonly failures;
  private readonly refusals;
  private readonly durations;
  private readonly waits;
  private readonly steps;
  private readonly costs;
  private readonly quietRuns;
  private readonly longestQuiet;
  private readonly surfaceNames = new BoundedLabel(MOST_SURFACES);
  private readonly codes = new BoundedLabel(MOST_CODES);

  constructor(metrics: Metrics) {
    this.endings = metrics.counter('nexus_runs_ended_total', 'Runs that are over, by how they ended.', ['outcome']);
    this.surfaces = metrics.counter('nexus_runs_of_surface_total', 'Runs that are over, by the surface that their message came from; what comes after the first 20 is `other`.', ['surface']);
    this.failures = metrics.counter('nexus_run_failures_total', 'Runs that ended without an answer, by the code of their error.', ['code']);
    this.refusals = metrics.counter('nexus_requests_refused_total', 'Messages that were refused before they began a run, by the code of the error.', ['code']);
    this.durations = metrics.histogram('nexus_run_duration_seconds', 'From the acceptance of a message to the end of its run.', ['outcome'], LONG_SECONDS);
    this.waits = metrics.histogram('nexus_run_thread_wait_seconds', 'How long a run waited for those before it in its thread.', [], LONG_SECONDS);
    this.steps = metrics.histogram('nexus_run_steps', 'Model calls of a run, retries not counted.', [], STEPS);
    this.costs = metrics.histogram('nexus_run_cost_usd', 'What a run cost, US dollars.', [], USD);
    this.quietRuns = metrics.gauge('nexus_runs_quiet', 'Runs that wait for a model or for tools and to which nothing happened for NEXUS_STALLED_MS; told by the replica that looks for them, 0 by the others.', []);
    this.longestQuiet = metrics.gauge('nexus_run_longest_quiet_seconds', 'For how long nothing happened to the run that waits longest for a model or for tools; 0 when none does.', []);
    for (const outcome of outcomes) this.endings.inc({ outcome }, 0);
    this.quiet(0, 0);
  }

  ended({ state, accepted }: LiveRun): void {
    const { ending, usage } = state;
    if (ending === undefined) return;
    const outcome = nameOf(ending.outcome);
    this.endings.inc({ outcome });
    this.surfaces.inc({ surface: this.surfaceNames.of(accepted.request?.surface || 'none') });
    if (ending.error !== undefined) this.failures.inc({ code: this.codes.of(ending.error.code) });
    this.durations.observe({ outcome }, Math.max(0, ending.at - state.acceptedAt) / SECOND_MS);
    if (state.startedAt > 0) this.waits.observe(Math.max(0, state.startedAt - state.acceptedAt) / SECOND_MS);
    this.steps.observe(state.step);
    this.costs.observe(usage.costMicroUsd / MICRO);
  }

  refused(code: string): void {
    this.refusals.inc({ code: this.codes.of(code) });
  }

  /** What the search for runs without progress saw; `longestMs` is 0 when there are none. */
  quiet(count: number, longestMs: number): void {
    this.quietRuns.set(count);
    this.longestQuiet.set(Math.max(0, longestMs) / SECOND_MS);
  }
}

function nameOf(outcome: Outcome): (typeof outcomes)[number] {
  switch (outcome) {
    case Outcome.ANSWERED: return 'answered';
    case Outcome.CANCELLED: return 'cancelled';
    case Outcome.REFUSED: return 'refused';
    default: return 'failed';
  }
}
