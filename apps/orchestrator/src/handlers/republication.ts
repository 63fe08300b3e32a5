import type { OutgoingMessage } from '@nexus/channels';
import type { Clock, TraceContext } from '@nexus/core';
import { pendingEffects } from '../domain/pending-effects.js';
import type { RunStore } from '../storage/run.store.js';
import type { DelayedMessages } from './delayed-messages.js';
import type { FinishedRuns } from './finished-runs.js';
import { traceOf, type LiveRun } from './live-run.js';
import { answerBefore, toMessages } from './outbox.js';
import type { RunLoader } from './run-loader.js';

/** What is published again of runs, because nobody knows whether it was published. Every id is as it was. */
export class Republication {
  constructor(
    private readonly store: Pick<RunStore, 'activeAfter'>,
    private readonly loader: RunLoader,
    private readonly delayed: DelayedMessages,
    private readonly finished: FinishedRuns,
    private readonly clock: Clock,
  ) {}

  /** What the run waits for, or its answer. A model call that may not be made yet waits here for its time. */
  of(live: LiveRun, trace: TraceContext | undefined = traceOf(live)): readonly OutgoingMessage[] {
    const { now, later } = toMessages(live, pendingEffects(live.state, this.clock.now()), trace);
    for (const { delayMs, message } of later) this.delayed.add(live, delayMs, message);
    return [...answerBefore(live), ...now];
  }

  /**
   * What went with the answers of these, which are over: those outside were told, and the runs that follow on them began. A commit that ends a run
   * lets the next one begin, and published all of it.
   */
  async besideAnswers(over: readonly LiveRun[]): Promise<readonly OutgoingMessage[]> {
    if (over.length === 0) return [];
    const events = await this.finished.eventsOf(over);
    const next = await this.store.activeAfter(over.map(({ tenantId, state, threadSeq }) => ({ tenantId, threadId: state.threadId, threadSeq })));
    const loaded = await this.loader.reload(next.map((run) => ({ ...run, withTurns: true })));
    return [...events, ...[...loaded.values()].flatMap(({ live }) => (live.events.length === 2 ? this.of(live) : []))];
  }
}
