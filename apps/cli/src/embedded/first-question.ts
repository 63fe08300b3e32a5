import { create } from '@bufbuild/protobuf';
import type { ChannelBus } from '@nexus/channels';
import { IncomingRequestSchema, Progress, type ProcessedRequest } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID, newId, systemClock } from '@nexus/core';
import { AgentCalls, asTenant, attributes, messagingSystemRedis, startTelemetry, type RuntimeConfig, type ServiceClients } from '@nexus/runtime';
import { FIRST_QUESTION } from '../domain/first-question.js';
import { LiveAnswer, type LiveOutput } from '../format/live-answer.js';

const ANSWER_WITHIN_MS = 15_000;
const SEND_TRACES_WITHIN_MS = 500;

export interface FirstQuestion {
  readonly bus: ChannelBus;
  readonly clients: Pick<ServiceClients, 'threads'>;
  readonly config: Pick<RuntimeConfig, 'serviceToken' | 'replica' | 'otlpEndpoint' | 'sampleRatio'>;
  /** Told of every step as it happens. */
  readonly show: (output: LiveOutput) => void;
  readonly signal: AbortSignal;
}

export interface FirstAnswer {
  readonly answer: ProcessedRequest;
  readonly traceId: string;
}

/**
 * Publishes the question to requests.incoming, as any surface does, for the demo model: it costs nothing and needs no key. Rejects
 * with an AppError when no answer comes.
 */
export async function askFirstQuestion({ bus, clients, config, show, signal }: FirstQuestion): Promise<FirstAnswer> {
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
  const telemetry = await startTelemetry({ service: 'cli', ...config });
  const span = telemetry.tracer.startSpan('send requests.incoming', {
    kind: 'producer',
    attributes: { [attributes.messagingSystem]: messagingSystemRedis, [attributes.destinationName]: 'requests.incoming', [attributes.messagingOperationType]: 'send' },
  });
  const calls = new AgentCalls({ bus, serviceToken: config.serviceToken, replyTo: `nexus-up.${newId()}`, clock: systemClock });
  const live = new LiveAnswer();
  const request = create(IncomingRequestSchema, {
    text: FIRST_QUESTION, agent: 'default', model: 'demo', surface: 'cli', timezone: timeZone, locale,
    progress: Progress.PARTS, deadlineMs: BigInt(systemClock.now() + ANSWER_WITHIN_MS),
  });
  try {
    const { answer: answered } = calls.ask(request, {
      publisher: { tenantId: DEVELOPMENT_TENANT_ID, keyId: '', client: '', project: '' },
      messageId: newId(),
      trace: span.trace,
      signal,
      onProgress: ({ payload }) => live.add(payload).forEach(show),
    });
    const answer = await answered;
    live.finish(answer).forEach(show);
    await archive(clients, answer.threadId);
    return { answer, traceId: span.trace.traceId };
  } finally {
    span.end();
    await calls.stop();
    await telemetry.shutdown(SEND_TRACES_WITHIN_MS);
  }
}

/** Out of the way of people's own threads; that it is not there is no harm. */
async function archive({ threads }: Pick<ServiceClients, 'threads'>, id: string): Promise<void> {
  if (id !== '') await threads.updateThread({ id, archived: true }, asTenant(DEVELOPMENT_TENANT_ID)).catch(() => undefined);
}
