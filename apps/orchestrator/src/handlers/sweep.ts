import type { ChannelBus } from '@nexus/channels';
import { AppError, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import type { RunStore, TenantRun } from '../storage/run.store.js';
import type { DelayedMessages } from './delayed-messages.js';
import type { LiveRun } from './live-run.js';
import type { OwnEndings } from './own-endings.js';
import type { Republication } from './republication.js';
import { expired } from './run-input.js';
import type { RunLoader } from './run-loader.js';
import type { StalledRuns } from './stalled-runs.js';

export interface SweepParts {
  readonly everyMs: number;
  /** Between two looks for stalled runs. */
  readonly stalledEveryMs: number;
  readonly store: Pick<RunStore, 'expired' | 'waking' | 'settleWakes' | 'unsent' | 'settleReplies'>;
  readonly loader: RunLoader;
  readonly endings: OwnEndings;
  readonly delayed: DelayedMessages;
  readonly again: Republication;
  readonly stalled: StalledRuns;
  readonly bus: Pick<ChannelBus, 'publishAll'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}

const MOST_AT_ONCE = 200;
/** An answer that is due is left this long to the process that ended the run, a retry to the one that has its timer. */
const LEFT_TO_OTHERS_MS = 3_000;

/** For this long a replica that does not search waits for the one that does to be gone: longer than its lease. */
const LOSS_OPEN_MS = 30_000;

/**
 * Finds, in all replicas' runs, what no timer and no message moves: deadlines that passed, retries that nobody made, answers that were not
 * published, runs without progress, and, when Redis lost what it held, every live run. What two replicas find is done once.
 */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isUnderWay = false;
  private isStopped = false;
  private isLossOpen = false;
  private openUntil = 0;
  private nextStalledAt = 0;

  constructor(private readonly parts: SweepParts) {}

  start(waitMs = this.parts.everyMs): void {
    this.timer = setTimeout(() => {
      this.isUnderWay = true;
      this.underWay = this.once().catch((error: unknown) => this.parts.logger.warn({ error }, 'a sweep failed')).finally(() => {
        this.isUnderWay = false;
        if (!this.isStopped) this.start();
      });
    }, waitMs).unref();
  }

  /** To be called when Redis lost entries, or may have: whatever live runs wait for is published again at once. */
  onLoss(): void {
    this.isLossOpen = true;
    this.openUntil = performance.now() + LOSS_OPEN_MS;
    if (this.isUnderWay || this.isStopped || this.timer === undefined) return;
    clearTimeout(this.timer);
    this.start(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
    await this.parts.stalled.stop().catch(() => undefined); // then the lease runs out
  }

  /** One look at everything; where one fails the others are had all the same. Rejects with the first failure. */
  async once(): Promise<void> {
    const now = this.parts.clock.now();
    const failures: unknown[] = [];
    for (const look of [() => this.wakeAll(), () => this.endExpired(now), () => this.makeRetries(now), () => this.sendUnsent(now), () => this.wakeStalled(now)]) {
      await look().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  private async endExpired(now: number): Promise<void> {
    const { store, clock, endings } = this.parts;
    const inputs = (await store.expired(now, MOST_AT_ONCE)).map((run) => expired(run, () => clock.now()));
    try {
      await endings.end(inputs);
    } catch (error) {
      if (AppError.from(error).isRetryable) throw error;
      for (const input of inputs) await endings.end([input]).catch((cause: unknown) => this.parts.logger.error({ tenant: input.tenantId, run: input.runId, error: cause }, 'a run whose time is over cannot be ended'));
    }
  }

  private async wakeStalled(now: number): Promise<void> {
    if (now < this.nextStalledAt) return;
    this.nextStalledAt = now + this.parts.stalledEveryMs;
    await this.parts.stalled.wake();
  }

  private async wakeAll(): Promise<void> {
    if (!this.isLossOpen) return;
    this.isLossOpen = false;
    const began = performance.now();
    try {
      const { count, isDone } = await this.parts.stalled.wakeAll();
      // the replica that holds the lease noticed the loss too; unless it died meanwhile: then this one gets the lease
      if (!isDone) return void (this.isLossOpen = began < this.openUntil);
      this.parts.logger.warn({ runs: count, duration_ms: Math.round(performance.now() - began) }, 'Redis lost entries, or may have: live runs were asked for again');
    } catch (error) {
      this.isLossOpen = true;
      throw error;
    }
  }

  private async makeRetries(now: number): Promise<void> {
    const { store, delayed, again, bus } = this.parts;
    const made = delayed.takeWoken();
    if (made.length > 0) await store.settleWakes(made, now);
    const due = now - LEFT_TO_OTHERS_MS;
    const lost = await store.waking(due, MOST_AT_ONCE);
    if (lost.length === 0) return;
    const lives = await this.load(lost);
    await bus.publishAll(lives.filter(({ state }) => state.phase === 'model' && state.retryAt > 0).flatMap((live) => again.of(live)));
    await store.settleWakes(lost, due);
  }

  private async sendUnsent(now: number): Promise<void> {
    const { store, bus, again } = this.parts;
    const runs = await store.unsent(now - LEFT_TO_OTHERS_MS, MOST_AT_ONCE);
    if (runs.length === 0) return;
    const lives = await this.load(runs);
    await bus.publishAll([...lives.flatMap((live) => again.of(live)), ...(await again.besideAnswers(lives))]);
    await store.settleReplies(runs);
  }

  private load(runs: readonly TenantRun[]): Promise<readonly LiveRun[]> {
    return this.parts.loader.reloadReadable(runs, (run, error) => this.parts.logger.error({ tenant: run.tenantId, run: run.runId, error }, 'a stored run cannot be read'));
  }
}
