import { Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { z } from 'zod';
import { runEventJson, runJson, type RunJson } from '../domain/run-json.js';
import { Api, type ApiCall } from './caller.js';
import { parseInput } from './parse-input.js';
import { RunStreams } from './run-streams.js';

const runQuery = z.object({ include: z.enum(['events'], "must be 'events'").optional() });

/** /v1/threads/{thread_id}/runs/{run_id} and, when only the run is known, /v1/runs/{run_id}. */
@Controller(['v1/threads/:thread_id/runs', 'v1/runs'])
export class RunsController {
  constructor(
    @Inject(CLIENTS) private readonly clients: ServiceClients,
    @Inject(RunStreams) private readonly streams: RunStreams,
  ) {}

  @Get(':run_id')
  async get(@Api() call: ApiCall, @Param() params: RunParams, @Query() query: unknown): Promise<RunJson & { events?: object[] }> {
    const { include } = parseInput(runQuery, query);
    const { run, events, answer } = await this.streams.readRun(call, params.run_id, params.thread_id);
    if (!run) throw new Error('readRun() gives a run');
    return { ...runJson(run, answer), ...(include === 'events' && { events: events.map(runEventJson) }) };
  }

  @Get(':run_id/stream')
  async stream(@Api() call: ApiCall, @Param() params: RunParams, @Headers('last-event-id') lastEventId: string | undefined, @Res() response: ServerResponse): Promise<void> {
    await this.streams.resume(call, params.run_id, params.thread_id, lastEventId, response);
  }

  @Post(':run_id/cancel')
  @HttpCode(200)
  async cancel(@Api() call: ApiCall, @Param() params: RunParams): Promise<RunJson> {
    await this.streams.readRun(call, params.run_id, params.thread_id);
    await this.clients.threads.cancelRun({ id: params.run_id }, call.options);
    const { run, answer } = await this.streams.readRun(call, params.run_id);
    if (!run) throw new Error('readRun() gives a run');
    return runJson(run, answer);
  }
}

interface RunParams {
  readonly run_id: string;
  readonly thread_id?: string;
}
