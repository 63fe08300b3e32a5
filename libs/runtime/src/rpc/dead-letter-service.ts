import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { DeadLetterService } from '@nexus/contracts';
import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { DeadLetterStore, StoredDeadLetter } from '@nexus/postgres';
import { caller, requireAdmin } from './caller.js';
import { bindRpc, type RpcBinding } from './rpc-service.js';

type Letter = NonNullable<MessageInitShape<(typeof DeadLetterService.method.listDeadLetters)['output']>['deadLetters']>[number];

/** Lists what the service could not handle: to an admin key its tenant's letters, to a service those of the tenant it names, else the system's. */
export function deadLetterBinding(letters: Pick<DeadLetterStore, 'list'>): RpcBinding {
  return bindRpc(DeadLetterService, {
    async listDeadLetters(request, context) {
      const found = await letters.list({ tenantId: tenantOf(context), channel: request.channel, ...(request.limit === 0 ? {} : { limit: request.limit }) });
      return { deadLetters: found.map(toMessage) };
    },
  });
}

function tenantOf(context: HandlerContext): string {
  const who = caller(context);
  return who.kind === 'service' && who.tenantId === '' ? SYSTEM_TENANT_ID : requireAdmin(context).tenantId;
}

function toMessage(letter: StoredDeadLetter): Letter {
  return {
    id: letter.id,
    channel: letter.channel,
    entryId: letter.entryId,
    reasonCode: letter.reasonCode,
    reason: letter.reason,
    deliveries: letter.deliveries,
    firstSeenAt: BigInt(letter.firstSeenAt.getTime()),
    lastSeenAt: BigInt(letter.lastSeenAt.getTime()),
    messageId: letter.messageId,
    consumerGroup: letter.group,
  };
}
