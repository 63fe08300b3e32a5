import type { CallOptions, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, Injectable } from '@nestjs/common';
import { DeadLetterService, type ListDeadLettersRequest } from '@nexus/contracts';
import { CLIENTS, RpcService, asKey, asService, asTenant, caller, type ServiceClients, type ServiceName } from '@nexus/runtime';

/** The services that keep dead letters. */
const keepers: readonly ServiceName[] = ['orchestrator', 'provider-router', 'tool-executor', 'settings', 'usage'];

/** Most letters at once, as every service has it. */
const MOST = 100;
const USUAL = 20;

/** The dead letters of all services as one list. Each service decides what the caller may see; one that does not answer fails the call, as the list would not be whole. */
@Injectable()
@RpcService(DeadLetterService)
export class DeadLettersRpc implements ServiceImpl<typeof DeadLetterService> {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  async listDeadLetters(request: ListDeadLettersRequest, context: HandlerContext) {
    const options = optionsFor(context);
    const limit = Math.min(request.limit || USUAL, MOST);
    const lists = await Promise.all(keepers.map((service) => this.clients.deadLetters(service).listDeadLetters({ ...request, limit }, options)));
    const deadLetters = lists.flatMap((list) => list.deadLetters).sort((a, b) => Number(b.lastSeenAt - a.lastSeenAt));
    return { deadLetters: deadLetters.slice(0, limit) };
  }
}

function optionsFor(context: HandlerContext): CallOptions {
  const { tenantId, key, trace, requestId } = caller(context);
  const details = { trace, requestId, signal: context.signal };
  if (key !== undefined) return asKey(tenantId, key, trace, details);
  return tenantId === '' ? asService(details) : asTenant(tenantId, trace, details);
}
