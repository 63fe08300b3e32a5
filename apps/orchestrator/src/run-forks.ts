import { create } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { IncomingRequestSchema, Progress, type ForkRunRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { AgentCalls, requireTenant } from '@nexus/runtime';

/** Starts forks the way every run starts, through requests.incoming. */
export class RunForks {
  constructor(@Inject(AgentCalls) private readonly calls: AgentCalls) {}

  /** The id of the new run, once its start is stored. Throws the AppError with which the fork was refused. */
  async fork({ runId, step, agent, model, text, messageId }: ForkRunRequest, context: HandlerContext): Promise<string> {
    const { tenantId, key, trace } = requireTenant(context);
    const request = create(IncomingRequestSchema, { text, agent, model, surface: 'rpc', progress: Progress.PARTS, forkedFrom: { runId, step } });
    const call = this.calls.ask(request, {
      publisher: { tenantId, keyId: key?.id ?? '', client: key?.client ?? '', project: key?.project ?? '' },
      messageId: messageId || newId(),
      isRepeatable: messageId !== '',
      trace,
    });
    try {
      return (await call.accepted).runId;
    } finally {
      call.forget();
    }
  }
}
