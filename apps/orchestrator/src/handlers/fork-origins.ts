import { create, toBinary } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, type ForkOrigin, type IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { forkedRequest } from '../domain/fork.js';
import { checkHistory } from '../domain/request-rules.js';
import type { ChosenAgent } from './agent-directory.js';
import type { LiveRun } from './live-run.js';
import { isOfOtherSurface } from './own-surface.js';
import type { ProvenPublisher } from './publisher-check.js';
import type { RunLoader } from './run-loader.js';

/** A fork as it is stored: complete, so that it needs its origin no more. */
export interface Fork {
  readonly request: IncomingRequest;
  /** The origin's own, as it was stored with it. */
  readonly agent: ChosenAgent;
}

/** Brings what forks take from the runs that they go on from. */
export class ForkOrigins {
  constructor(private readonly loader: Pick<RunLoader, 'reload'>) {}

  /** Throws AppError `run_not_found`, `invalid_request` or `step_not_finished`. */
  async fork(publisher: Pick<ProvenPublisher, 'isSurface' | 'tenantId'>, request: IncomingRequest, { runId, step }: ForkOrigin): Promise<Fork> {
    const [found] = (await this.loader.reload([{ tenantId: publisher.tenantId, runId, withTurns: true }])).values();
    if (found === undefined || isOfOtherSurface(publisher, request.surface, found.live.accepted.request?.surface ?? '')) throw new AppError('run_not_found', 'There is no such run to go on from.', { status: 404, param: 'run_id' });
    const { live } = found;
    const { accepted, agent, earlier, events, state } = live;
    const forked = forkedRequest(request, step, { agent, earlier, events, request: accepted.request, hasBegun: state.startedAt > 0 });
    checkHistory(forked);
    return { request: forked, agent: agentOf(live, request.model) };
  }
}

function agentOf({ accepted, agent }: LiveRun, model: string): ChosenAgent {
  const own = accepted.agent ?? create(AgentSnapshotSchema);
  const kept = { ...create(AgentSnapshotSchema), instructions: agent.instructions, tools: agent.tools };
  return { own: model === '' ? own : { ...own, model }, kept, stored: { hash: accepted.agentHash, payload: toBinary(AgentSnapshotSchema, kept) } };
}
