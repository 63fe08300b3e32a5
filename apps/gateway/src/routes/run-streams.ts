import type { ServerResponse } from 'node:http';
import type { ChannelBus } from '@nexus/channels';
import type { GetRunResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { AgentCall, ProgressFeed, ProgressMessage, ServiceClients } from '@nexus/runtime';
import { entryIdBefore, isEntryId } from '../domain/entry-id.js';
import { isOver } from '../domain/run-json.js';
import type { ApiCall } from './caller.js';
import { EventStream } from './event-stream.js';
import { requireId } from './require-id.js';
import { RunParts } from './run-parts.js';
import { RunStream } from './run-stream.js';

export interface RunStreamsOptions {
  readonly bus: Pick<ChannelBus, 'history'>;
  readonly clients: Pick<ServiceClients, 'threads'>;
  readonly progress: ProgressFeed;
}

/** Entries that are looked through at most for what a reader has missed. */
const MOST_HISTORY = 50_000;

/** Streams of runs: any replica serves the stream of any run. */
export class RunStreams {
  constructor(private readonly options: RunStreamsOptions) {}

  /** The stream of a run that was just asked for, all of whose parts are in `parts`. Leaving it does not end the run. */
  async begin(call: ApiCall, runId: string, response: ServerResponse, parts: RunParts, agentCall: AgentCall): Promise<void> {
    const run = this.open(call, runId, response, parts, () => agentCall.forget());
    agentCall.answer.then((answer) => run.answered(answer), () => undefined); // then the stored run tells how it ended
    await run.follow();
  }

  /**
   * The stream of a run that is under way or over, from the event `lastEventId` on when the channel still holds what followed it; else
   * it begins with a `reset` to the stored state. Rejects with an AppError (404) when the caller has no such run.
   */
  async resume(call: ApiCall, runId: string, threadId: string | undefined, lastEventId: string | undefined, response: ServerResponse): Promise<void> {
    const { progress } = this.options;
    const parts = new RunParts();
    const stopListening = progress.listen(call.tenantId, runId, (part) => parts.add(part));
    try {
      await progress.ready;
      const stored = await this.readRun(call, runId, threadId);
      const missed = stored.run && isOver(stored.run) ? undefined : await this.missed(call.tenantId, runId, lastEventId);
      const run = this.open(call, runId, response, parts, stopListening);
      if (missed === undefined) run.reset(stored);
      else for (const part of missed) await run.write(part);
      await run.follow();
    } finally {
      stopListening();
    }
  }

  /** The run, if it is the caller's and of this thread; else an AppError 404. */
  async readRun(call: ApiCall, runId: string, threadId?: string): Promise<GetRunResponse> {
    requireId('run', runId);
    const stored = await this.options.clients.threads.getRun({ by: { case: 'id', value: runId } }, call.options);
    if (!stored.run || (threadId !== undefined && stored.run.threadId !== threadId)) {
      throw new AppError('run_not_found', 'There is no such run in this thread.', { status: 404, param: 'run_id' });
    }
    return stored;
  }

  private open(call: ApiCall, runId: string, response: ServerResponse, parts: RunParts, onGone: () => void): RunStream {
    const stream = new EventStream(response, () => {
      run.gone();
      onGone();
    });
    const run = new RunStream(stream, parts, () => this.readRun(call, runId));
    return run;
  }

  /** What the channel holds of a run after an event, or of the whole run; undefined when it no longer holds all of that. */
  private async missed(tenantId: string, runId: string, lastEventId: string | undefined): Promise<ProgressMessage[] | undefined> {
    if (lastEventId !== undefined && !isEntryId(lastEventId)) return undefined;
    const missed: ProgressMessage[] = [];
    let after = lastEventId === undefined ? '0' : entryIdBefore(lastEventId);
    for (let read = 0; read < MOST_HISTORY; ) {
      const page = await this.options.bus.history('requests.progress', after);
      // what the channel drops it drops from its beginning: while it holds the last event, it holds all that followed
      if (read === 0 && lastEventId !== undefined && page[0]?.entryId !== lastEventId) return undefined;
      read += page.length;
      missed.push(...page.filter((part) => part.tenantId === tenantId && part.payload.runId === runId && part.entryId !== lastEventId));
      const last = page.at(-1);
      if (!last) return lastEventId !== undefined || missed[0]?.payload.part.case === 'accepted' ? missed : undefined;
      after = last.entryId;
    }
    return undefined;
  }
}
