import type { ChannelBus, OutgoingMessage } from '@nexus/channels';
import type { Logger } from '@nexus/runtime';
import type { TenantRun } from '../storage/run.store.js';
import { runKey, type LiveRun } from './live-run.js';
import type { RunMemory } from './run-memory.js';

/** Publishes model calls after a wait, if their run still waits for them then. What a crash loses here, the sweep finds when it is due. */
export class DelayedMessages {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private woken: TenantRun[] = [];

  constructor(
    private readonly bus: Pick<ChannelBus, 'publish'>,
    private readonly memory: Pick<RunMemory, 'run'>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  add(live: LiveRun, delayMs: number, message: OutgoingMessage): void {
    const run = { tenantId: live.tenantId, runId: live.state.runId };
    const key = runKey(run);
    clearTimeout(this.timers.get(key));
    const timer = setTimeout(() => {
      this.timers.delete(key);
      const known = this.memory.run(run);
      if (known !== undefined && known.events.length !== live.events.length) return void this.woken.push(run);
      this.bus.publish(message).then(
        () => this.woken.push(run),
        (error: unknown) => this.logger.warn({ run: run.runId, error }, 'a delayed model call was not published; the sweep will'),
      );
    }, delayMs);
    this.timers.set(key, timer.unref());
  }

  /** The runs whose wait is over since the last time that this was asked. */
  takeWoken(): readonly TenantRun[] {
    return this.woken.splice(0);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}
