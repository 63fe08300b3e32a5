import type { ChannelBus } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { pendingEffects } from '../domain/pending-effects.js';
import type { RunStore } from '../storage/run.store.js';
import { traceOf, type LiveRun } from './live-run.js';
import { toMessages } from './outbox.js';
import type { OwnEndings } from './own-endings.js';
import { expired } from './run-input.js';
import type { RunLoader } from './run-loader.js';

export interface SweepOptions {
  readonly everyMs: number;
  /** A run without an event for this long is asked for again. */
  readonly stalledMs: number;
}

const MOST_AT_ONCE = 200;
/** An answer that is due is left this long to the process that ended the run. */
const UNSENT_AFTER_MS = 5_000;

/**
 * Finds, in all replicas' runs, what no timer and no message moves: deadlines that passed, answers that were not published, runs without
 * progress. Every replica sweeps; what two of them find is done once.
 */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;
  private nextLookAt = 0;

  constructor(
    private readonly options: SweepOptions,
    private readonly store: RunStore,
    private readonly loader: RunLoader,
    private readonly endings: OwnEndings,
    private readonly bus: Pick<ChannelBus, 'publishAll'>,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.underWay = this.once().catch((error: unknown) => this.logger.warn({ error }, 'a sweep failed')).finally(() => {
        if (!this.isStopped) this.start();
      });
    }, this.options.everyMs).unref();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** One look at everything. */
  async once(): Promise<void> {
    const now = this.clock.now();
    const runs = await this.store.expired(now, MOST_AT_ONCE);
    await this.endings.end(runs.map((run) => expired(run, () => this.clock.now())));
    if (now < this.nextLookAt) return;
    this.nextLookAt = now + this.options.stalledMs / 4;
    await this.sendUnsent(now);
    await this.wakeStalled(now);
  }

  private async sendUnsent(now: number): Promise<void> {
    const runs = await this.store.unsent(now - UNSENT_AFTER_MS, MOST_AT_ONCE);
    await this.publish(await this.load(runs));
    if (runs.length > 0) await this.store.settleReplies(runs);
  }

  private async wakeStalled(now: number): Promise<void> {
    const before = now - this.options.stalledMs;
    const lives = await this.load(await this.store.startedBefore(before, MOST_AT_ONCE));
    await this.publish(lives.filter(({ lastAt, state }) => lastAt <= before && state.phase !== 'over'));
  }

  private async load(runs: readonly { readonly tenantId: string; readonly runId: string }[]): Promise<readonly LiveRun[]> {
    const loaded = await this.loader.reload(runs.map((run) => ({ ...run, withTurns: true })));
    return [...loaded.values()].map(({ live }) => live);
  }

  private async publish(lives: readonly LiveRun[]): Promise<void> {
    await this.bus.publishAll(lives.flatMap((live) => toMessages(live, pendingEffects(live.state), traceOf(live)).now));
  }
}
