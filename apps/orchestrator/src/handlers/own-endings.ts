import type { ChannelBus } from '@nexus/channels';
import type { Logger } from '@nexus/runtime';
import type { RunStore, TenantRun } from '../storage/run.store.js';
import type { AdvanceRunsHandler } from './advance-runs.handler.js';
import type { RunInput } from './run-input.js';

/** Ends runs that no message ends: the answer is marked as due with the end, and published after, here or by the sweep. */
export class OwnEndings {
  constructor(
    private readonly advance: AdvanceRunsHandler,
    private readonly store: Pick<RunStore, 'settleReplies'>,
    private readonly bus: Pick<ChannelBus, 'publishAll'>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Rejects when the ends could not be stored. */
  async end(inputs: readonly RunInput[]): Promise<void> {
    if (inputs.length === 0) return;
    const messages = await this.advance.handle(inputs);
    await this.bus.publishAll(messages);
    const answered = new Set(messages.flatMap((message) => (message.channel === 'requests.processed' ? [(message.payload as { runId: string }).runId] : [])));
    const settled: readonly TenantRun[] = inputs.filter(({ runId }) => answered.has(runId));
    if (settled.length > 0) await this.store.settleReplies(settled);
  }

  /** The same for those who do not wait. */
  endSoon(inputs: readonly RunInput[]): void {
    this.end(inputs).catch((error: unknown) => this.logger.warn({ error }, 'runs could not be ended now; the sweep tries again'));
  }
}
