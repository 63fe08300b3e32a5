import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { z } from 'zod';
import { replayJson, type ReplayJson } from '../domain/replay-json.js';
import { acceptedRunJson, type RunJson } from '../domain/run-json.js';
import { Api, type ApiCall } from './caller.js';
import { parseInput } from './parse-input.js';
import { requireId } from './require-id.js';

const name = z.string('must be a string').max(200, 'must have at most 200 characters');
const newFork = z.strictObject({
  step: z.int('must be a whole number, 0 for the question alone').min(0, 'must be 0, for the question alone, or the number of a step').max(100, 'must be at most 100'),
  text: z.string('must be a string').default(''),
  agent: name.default(''),
  model: name.default(''),
});

/** /v1/runs/{run_id}/replay and /fork: what a run came to, decided again, and another way on from one of its steps. */
@Controller('v1/runs')
export class TimeTravelController {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  @Get(':run_id/replay')
  async replay(@Api() call: ApiCall, @Param('run_id') id: string): Promise<ReplayJson> {
    requireId('run', id);
    return replayJson(await this.clients.threads.replayRun({ id }, call.options));
  }

  /** Answers once the start of the new run is stored. The same Idempotency-Key gives the same run, and the same bytes. */
  @Post(':run_id/fork')
  @HttpCode(202)
  async fork(@Api() call: ApiCall, @Param('run_id') runId: string, @Body() body: unknown): Promise<RunJson> {
    const fork = parseInput(newFork, body ?? {});
    requireId('run', runId);
    const { run } = await this.clients.threads.forkRun({ runId, ...fork }, call.options);
    if (!run) throw new Error('forkRun() gives a run');
    return acceptedRunJson(run);
  }
}
