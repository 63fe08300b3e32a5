import type { Message } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';
import { attributes as names, messagingSystemRedis } from './attributes.js';
import type { Attributes, Span, SpanKind, Tracer } from './tracing.js';

/** How a message is handled. */
export interface MessageSpanOptions {
  /** The service that reads. */
  readonly group: string;
  /** Default: `process <channel>`. */
  readonly name?: string;
  /** Default: consumer; `client` for a handler that calls somebody outside. */
  readonly kind?: SpanKind;
  /** Default: process. */
  readonly operation?: 'process' | 'settle';
  /** Messages that are handled at once with this one, itself included. */
  readonly together?: number;
  readonly attributes?: Attributes;
}

/**
 * The span of a handler of one message. It stands in the trace of whoever published it, as its child and with a link, and begins when
 * the work does: how long the message waited before is its attribute `nexus.queue_wait_ms`, by the clocks of publisher and reader.
 */
export function startMessageSpan(tracer: Tracer, message: Message<ChannelName>, options: MessageSpanOptions): Span {
  const { channel, trace } = message;
  const { group, name, kind = 'consumer', operation = 'process', together = 1 } = options;
  const span = tracer.startSpan(name ?? `${operation} ${channel}`, { kind, parent: trace, ...(trace && { links: [trace] }) });
  if (!span.isRecording) return span;
  span.setAttributes({
    [names.messagingSystem]: messagingSystemRedis,
    [names.destinationName]: channel,
    [names.messagingOperationName]: operation,
    [names.messagingOperationType]: operation,
    [names.consumerGroupName]: group,
    [names.messageId]: message.id,
    [names.correlationId]: message.correlationId,
    [names.batchMessageCount]: together > 1 ? together : undefined,
    [names.queueWaitMs]: Math.max(0, Date.now() - message.timestamp),
    [names.deliveries]: message.deliveries > 1 ? message.deliveries : undefined,
    [names.tenantId]: message.tenantId === '' ? undefined : message.tenantId,
    ...options.attributes,
  });
  return span;
}
