import type { ChannelBus } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { pendingEffects } from '../domain/pending-effects.js';
import type { RunStore, TenantRun } from '../storage/run.store.js';
import type { HeldLease } from './held-lease.js';
import { runKey, traceOf, type LiveRun } from './live-run.js';
import { answerBefore, callsOfStep, toMessages } from './outbox.js';
import type { RunLoader } from './run-loader.js';
import type { RunMetrics } from './run-metrics.js';

export interface StalledRunsParts {
  /** A run without an event for this long is asked for again. */
  readonly stalledMs: number;
  readonly store: Pick<RunStore, 'quietSince'>;
  readonly loader: RunLoader;
  readonly bus: Pick<ChannelBus, 'publishAll' | 'queueAge'>;
  readonly lease: HeldLease;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
  readonly metrics: Pick<RunMetrics, 'quiet'>;
  /** The longest that one call of this tool takes, milliseconds. */
  readonly toolTimeMs: (tool: string) => number;
}

/** When a run is asked for again, and how long it is left alone after that. */
interface NextWake {
  readonly at: number;
  readonly waitMs: number;
  /** When something happened to it last. */
  readonly quietSince: number;
}

const PAGE = 200;
/** A wait doubles each time up to this many times the first: what takes long is not lost. */
const LONGEST_WAIT = 32;
/** Beyond a tool's own time: for its result to arrive. */
const RESULT_WITHIN_MS = 2_000;
/** Clocks of replicas differ by less. */
const A_DAY_MS = 86_400_000;

/**
 * Publishes again what live runs wait for, when it may be lost. One replica does this at a time. Runs are taken page by page in an order of
 * their own, so that every one has its turn and memory does not grow with their number; a page is read after the one before it is published.
 */
export class StalledRuns {
  private nextWakes = new Map<string, NextWake>();

  constructor(private readonly parts: StalledRunsParts) {}

  /** Every run that waits for a model or for tools: the streams are lost. Answers how many there were, and whether all were had: no further than this replica holds the lease. */
  async wakeAll(): Promise<{ readonly count: number; readonly isDone: boolean }> {
    let count = 0;
    const now = this.parts.clock.now();
    for await (const page of this.pages(now + A_DAY_MS)) {
      const lives = await this.load(page);
      await this.publish(lives, now);
      count += lives.length;
    }
    return { count, isDone: await this.parts.lease.hold() };
  }

  /** The runs to which nothing happened for too long, unless what they wait for stands in a queue. */
  async wake(): Promise<void> {
    const { clock, stalledMs } = this.parts;
    const now = clock.now();
    const behind = await this.behind();
    const nextWakes = new Map<string, NextWake>();
    for await (const page of this.pages(now - stalledMs)) {
      const due = page.filter((run) => {
        const next = this.nextWakes.get(runKey(run));
        if (next !== undefined) nextWakes.set(runKey(run), next);
        return next === undefined || next.at <= now;
      });
      const lives = (await this.load(due)).filter((live) => live.lastAt <= now - stalledMs);
      const lost: LiveRun[] = [];
      for (const live of lives) {
        const key = runKey({ tenantId: live.tenantId, runId: live.state.runId });
        const isLost = this.workedOnUntil(live) <= now && !behind.has(live.state.phase);
        if (isLost) lost.push(live);
        const waitMs = isLost ? Math.min(2 * (nextWakes.get(key)?.waitMs ?? stalledMs / 2), LONGEST_WAIT * stalledMs) : stalledMs;
        nextWakes.set(key, { quietSince: live.lastAt, at: isLost ? now + waitMs : Math.max(this.workedOnUntil(live), now + stalledMs / 2), waitMs });
      }
      await this.publish(lost, now);
    }
    this.nextWakes = nextWakes;
    this.parts.metrics.quiet(nextWakes.size, nextWakes.size === 0 ? 0 : now - [...nextWakes.values()].reduce((least, { quietSince }) => Math.min(least, quietSince), now));
  }

  async stop(): Promise<void> {
    await this.parts.lease.giveUp();
  }

  /** Nothing when another replica holds the lease, and no further when it is lost. */
  private async *pages(quietSince: number): AsyncGenerator<readonly TenantRun[]> {
    const { store, lease } = this.parts;
    for (let last: TenantRun | undefined; await lease.hold(); ) {
      const page = await store.quietSince(quietSince, last, PAGE);
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      last = page.at(-1);
    }
  }

  /** The phases in which runs may wait for nothing but their turn: to ask again would only make the queue longer. */
  private async behind(): Promise<ReadonlySet<string>> {
    const isBehind = async (channel: 'inference.request' | 'inference.response' | 'tools.execute' | 'tools.results'): Promise<boolean> => (await this.parts.bus.queueAge(channel)) > this.parts.stalledMs / 2;
    const [asked, answered, toExecute, executed] = await Promise.all([isBehind('inference.request'), isBehind('inference.response'), isBehind('tools.execute'), isBehind('tools.results')]);
    return new Set([...(asked || answered ? ['model'] : []), ...(toExecute || executed ? ['tools'] : [])]);
  }

  /** Until then another executor may be running a call of this run: it is not asked to do so twice at once. Of model calls the ledger takes care. */
  private workedOnUntil({ state, events, lastAt }: LiveRun): number {
    if (state.phase !== 'tools') return 0;
    const calls = callsOfStep(events, state.step);
    return lastAt + Math.max(...state.pending.map((place) => this.parts.toolTimeMs(calls[place]?.name ?? ''))) + RESULT_WITHIN_MS;
  }

  private async load(runs: readonly TenantRun[]): Promise<readonly LiveRun[]> {
    const lives = await this.parts.loader.reloadReadable(runs, (run, error) => this.parts.logger.error({ tenant: run.tenantId, run: run.runId, error }, 'a stored run cannot be read'));
    return lives.filter(({ state }) => state.phase !== 'over');
  }

  /** A retry that is not due yet has its own timer. */
  private publish(lives: readonly LiveRun[], now: number): Promise<void> {
    return this.parts.bus.publishAll(lives.flatMap((live) => [...answerBefore(live), ...toMessages(live, pendingEffects(live.state, now), traceOf(live)).now]));
  }
}
