import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { IncomingRequestSchema, Progress, type ForkRunRequest } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import { AgentCalls, requireTenant, seedOf } from '@nexus/runtime';
import { runIdOf } from './domain/run-ids.js';
import { acceptedOf } from './handlers/live-run.js';
import { RunStore } from './storage/run.store.js';

/** Starts forks the way every run starts, through requests.incoming. */
export class RunForks {
  constructor(
    @Inject(AgentCalls) private readonly calls: AgentCalls,
    @Inject(RunStore) private readonly runs: RunStore,
  ) {}

  /**
   * The id of the new run, once its start is stored; of one that this message id began before, at once. A call that is repeated under
   * its idempotency key is the same fork. Throws the AppError with which the fork was refused, or `idempotency_key_reused` (422) when
   * the message id is another request's.
   */
  async fork({ messageId: named, ...asked }: ForkRunRequest, context: HandlerContext): Promise<string> {
    const { runId, step, agent, model, text } = asked;
    const { tenantId, key, trace } = requireTenant(context);
    const messageId = named || deterministicId(Buffer.from(seedOf(context)).toString('hex'), 'fork');
    const requestHash = createHash('sha256').update(JSON.stringify([runId, step, agent, model, text])).digest('hex');
    const known = await this.known(tenantId, messageId, requestHash);
    if (known !== undefined) return known;
    const request = create(IncomingRequestSchema, { text, agent, model, surface: 'rpc', progress: Progress.PARTS, forkedFrom: { runId, step } });
    const call = this.calls.ask(request, {
      publisher: { tenantId, keyId: key?.id ?? '', client: key?.client ?? '', project: key?.project ?? '' },
      messageId, requestHash, trace,
      isRepeatable: named !== '',
    });
    try {
      return (await call.accepted).runId;
    } finally {
      call.forget();
    }
  }

  private async known(tenantId: string, messageId: string, requestHash: string): Promise<string | undefined> {
    const [run] = (await this.runs.load([{ tenantId, runId: runIdOf(tenantId, messageId) }], 0)).flat();
    if (run === undefined) return undefined;
    if (acceptedOf(run.events.map(({ event }) => event)).requestHash === requestHash) return run.runId;
    throw new AppError('idempotency_key_reused', 'This message id began another run. Use a new one for a new fork.', { status: 422, param: 'message_id' });
  }
}
