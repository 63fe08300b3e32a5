import { outgoing, type OutgoingMessage } from '@nexus/channels';
import { metadataKeys, toWireError } from '@nexus/contracts';
import { SYSTEM_TENANT_ID, type AppError } from '@nexus/core';
import { refusalOf } from '../domain/answer.js';
import { refusalIdOf } from '../domain/run-ids.js';
import type { TracedIncoming } from './candidate.js';
import type { ProvenPublisher } from './publisher-check.js';

/**
 * The answer to a message that starts nothing; one that nobody proved goes to the channel itself, as the system tenant's. What is wrong for
 * good is said once, however often the message is published; what may pass, what stands against another message under the same id, and what a
 * service asks, each time. It names the request hash that came with the message, so that two who use one id can tell their answers apart.
 */
export function refuse({ message, trace }: TracedIncoming, publisher: ProvenPublisher | undefined, error: AppError): OutgoingMessage {
  const tenantId = publisher?.tenantId ?? SYSTEM_TENANT_ID;
  const isSaidAnew = error.isRetryable || error.code === 'idempotency_key_reused' || publisher?.isService === true;
  const requestHash = message.metadata[metadataKeys.requestHash];
  return outgoing({
    channel: 'requests.processed',
    id: refusalIdOf(tenantId, message.id, `${error.code} ${error.param ?? ''}${isSaidAnew ? ` ${message.entryId}` : ''}`),
    payload: refusalOf(message.id, message.payload, toWireError(error)),
    tenantId, trace,
    correlationId: message.correlationId,
    to: publisher?.replyTo,
    ...(requestHash !== undefined && { metadata: { [metadataKeys.requestHash]: requestHash } }),
    once: true,
  });
}

/** Whether a message is answered with this error. Otherwise nobody can say yet what becomes of it: it is handled again. */
export function isRefusal({ code, isRetryable }: AppError): boolean {
  return code !== 'internal' && (!isRetryable || code === 'rate_limited');
}
