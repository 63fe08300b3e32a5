import type { DeadLetter } from '@nexus/channels';
import type { DeadLetterStore } from '@nexus/postgres';
import type { Logger } from '../logger.js';

/** Keeps what could not be handled, and says so in the log without its content. */
export async function storeDeadLetter(letter: DeadLetter, store: DeadLetterStore | undefined, logger: Logger): Promise<void> {
  const { channel, group, entryId, messageId, reasonCode, reason, deliveries, message } = letter;
  logger.warn({ channel, entry_id: entryId, message_id: messageId, correlation_id: message?.correlationId, trace_id: message?.trace?.traceId, reason_code: reasonCode, deliveries }, 'dead letter');
  await store?.insert({
    channel, group, entryId, reasonCode, reason, deliveries, raw: letter.raw,
    ...(messageId !== undefined && { messageId }),
    ...(message?.tenantId && { tenantId: message.tenantId }),
  });
}
