import type { ServerResponse } from 'node:http';
import type { ChannelBus } from '@nexus/channels';
import type { GetRunRequest, GetRunResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { AgentCall, ProgressFeed, ServiceClients } from '@nexus/runtime';
import { isOver } from '../domain/run-json.js';
import type { ApiCall } from './caller.js';
import { readHeldParts } from './held-parts.js';
import { requireId } from './require-id.js';
import { RunEvents } from './run-events.js';
import { RunParts } from './run-parts.js';
import { RunStream, type RunReader } from './run-stream.js';

export interface RunStreamsOptions {
  readonly bus: Pick<ChannelBus, 'history'>;
  readonly clients: Pick<ServiceClients, 'threads'>;
  readonly progress: ProgressFeed;
  /** Aborts when this replica stops: its readers go on at another one. */
  readonly stopping: AbortSignal;
}

/** Whoever asked hears the answer itself, so the stored run is rarely looked at. */
const LOOK_OF_ASKER_MS = 5_000;

/** In whose name runs are read. */
export type RunCaller = Pick<ApiCall, 'tenantId' | 'options'>;

/** Makes the reader once the run is there; `onGone` is to be called when it has left. */
export type ReaderOf = (stored: GetRunResponse | undefined, onGone: () => void) => RunReader;

/** Streams of runs: any replica serves the stream of any run. */
export class RunStreams {
  private readonly streams = new Set<RunStream>();

  constructor(private readonly options: RunStreamsOptions) {
    options.stopping.addEventListener('abort', () => {
      for (const run of this.streams) run.leave();
    });
  }

  /** The stream of a run that was just asked for, all of whose parts are in `parts`. Leaving it does not end the run. */
  begin(call: RunCaller, runId: string, response: ServerResponse, parts: RunParts, agentCall: AgentCall): Promise<void> {
    return this.beginFor(call, { case: 'id', value: runId }, (_stored, onGone) => new RunEvents(response, onGone), parts, agentCall);
  }

  /** The same for any reader, who may also know only the message whose run will be. */
  async beginFor(call: RunCaller, by: GetRunRequest['by'], readerOf: ReaderOf, parts: RunParts, agentCall: AgentCall): Promise<void> {
    const run = this.open(undefined, readerOf, parts, () => this.find(call, by), () => agentCall.forget(), LOOK_OF_ASKER_MS);
    agentCall.answer.then((answer) => run.answered(answer), () => undefined); // then the stored run tells how it ended
    await this.follow(run);
    agentCall.forget();
  }

  /** The stream of a run that is under way or over, as server-sent events: see resumeFor(). */
  resume(call: RunCaller, runId: string, threadId: string | undefined, lastEventId: string | undefined, response: ServerResponse): Promise<void> {
    return this.resumeFor(call, runId, threadId, lastEventId, (_stored, onGone) => new RunEvents(response, onGone));
  }

  /**
   * From the event `lastEventId` on when the channel still holds what followed it; else it begins with a `reset` to the stored state, and
   * tells again what is still held. Rejects with an AppError (404) when the caller has no such run.
   */
  async resumeFor(call: RunCaller, runId: string, threadId: string | undefined, lastEventId: string | undefined, readerOf: ReaderOf): Promise<void> {
    const { bus, progress } = this.options;
    const parts = new RunParts();
    const stopListening = progress.listen(call.tenantId, runId, (part) => parts.add(part));
    try {
      await progress.ready;
      const stored = await this.readRun(call, runId, threadId);
      const isUnderWay = stored.run !== undefined && !isOver(stored.run);
      const held = isUnderWay ? await readHeldParts(bus, call.tenantId, runId, lastEventId) : undefined;
      const run = this.open(stored, readerOf, parts, () => this.readRun(call, runId), stopListening);
      if (held?.seen) run.resumeAfter(held.seen);
      if (!held?.isWhole) run.reset(stored, held?.parts[0]?.payload.epoch);
      for (const part of held?.parts ?? []) await run.write(part);
      await this.follow(run);
    } finally {
      stopListening();
    }
  }

  /** The run, if it is the caller's and of this thread; else an AppError 404. */
  async readRun(call: RunCaller, runId: string, threadId?: string): Promise<GetRunResponse> {
    requireId('run', runId);
    const stored = await this.find(call, { case: 'id', value: runId });
    if (!stored.run || (threadId !== undefined && stored.run.threadId !== threadId)) {
      throw new AppError('run_not_found', 'There is no such run in this thread.', { status: 404, param: 'run_id' });
    }
    return stored;
  }

  /** The tenant's run; an AppError 404 when there is none. */
  find(call: RunCaller, by: GetRunRequest['by']): Promise<GetRunResponse> {
    return this.options.clients.threads.getRun({ by }, call.options);
  }

  private open(stored: GetRunResponse | undefined, readerOf: ReaderOf, parts: RunParts, readRun: () => Promise<GetRunResponse>, onGone: () => void, lookEveryMs?: number): RunStream {
    const reader = readerOf(stored, () => {
      run.gone();
      onGone();
    });
    const run = new RunStream(reader, parts, readRun, lookEveryMs);
    return run;
  }

  /** A replica that is stopping sends its readers on as soon as they have what is there. */
  private async follow(run: RunStream): Promise<void> {
    this.streams.add(run);
    if (this.options.stopping.aborted) run.leave();
    try {
      await run.follow();
    } finally {
      this.streams.delete(run);
    }
  }
}
