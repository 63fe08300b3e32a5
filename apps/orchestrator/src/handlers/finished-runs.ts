import { create } from '@bufbuild/protobuf';
import { outgoing, type OutgoingMessage } from '@nexus/channels';
import { EventRaisedSchema } from '@nexus/contracts';
import type { TenantSettingsCache } from '@nexus/runtime';
import { finishedEventIdOf } from '../domain/run-ids.js';
import { runFinishedData } from '../domain/run-finished.js';
import { traceOf, type LiveRun } from './live-run.js';

/** Tells those outside who asked for it that runs are over: the event `run.finished` goes with the answer, and again whenever that goes again. */
export class FinishedRuns {
  constructor(private readonly settings: Pick<TenantSettingsCache, 'wants'>) {}

  /** The events of those among these runs that are over and whose tenant wants them. A tenant without webhooks costs a look into memory. */
  async eventsOf(lives: readonly LiveRun[]): Promise<readonly OutgoingMessage[]> {
    const over = lives.filter(({ state }) => state.phase === 'over');
    const events = await Promise.all(over.map(async (live) => ((await this.settings.wants(live.tenantId, 'run.finished')) ? [eventOf(live)] : [])));
    return events.flat();
  }
}

function eventOf(live: LiveRun): OutgoingMessage {
  const { tenantId, state, accepted, events } = live;
  return outgoing({
    channel: 'events.raised',
    id: finishedEventIdOf(state.runId),
    tenantId,
    trace: traceOf(live),
    correlationId: accepted.correlationId || accepted.messageId,
    payload: create(EventRaisedSchema, {
      type: 'run.finished', subject: state.runId, atMs: BigInt(state.ending?.at ?? 0), dataJson: JSON.stringify(runFinishedData(state, accepted, events)),
    }),
  });
}
