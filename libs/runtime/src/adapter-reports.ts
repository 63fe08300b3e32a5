import { formatTraceparent, type AppError } from '@nexus/core';
import type { Logger } from './logger.js';
import { LONG_SECONDS, type Metrics } from './metrics/metrics.js';
import { attributes } from './telemetry/attributes.js';
import type { Tracer } from './telemetry/tracing.js';

export interface AdapterReportsParts {
  readonly surface: string;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
}

/** What an adapter tells of itself, as logs, traces and metrics: it fits the adapter kit's observer. */
export interface AdapterReports {
  count(what: string): void;
  /** Begins the trace of a message; its end is that of the delivered answer. */
  startMessage(message: { readonly messageId: string }): { readonly traceparent: string; end(error?: AppError): void };
  answered(durationMs: number): void;
  problem(doing: string, error: AppError): void;
}

const meanings: Readonly<Record<string, string>> = {
  messages: 'Messages of people that came.',
  answers: 'Answers that were delivered.',
  refusals: 'Delivered answers that are a refusal.',
  posts: 'Messages that the bot posted.',
  edits: 'Changes of messages that the bot had posted.',
  republished: 'Messages that were sent to NEXUS once more.',
  reconnects: 'Times that the connection to NEXUS was there again.',
  failures: 'Calls to the platform that failed.',
};

/** Reports for one surface. No chat, person or text is in them. */
export function adapterReports({ surface, logger, tracer, metrics }: AdapterReportsParts): AdapterReports {
  const duration = metrics.histogram('nexus_adapter_answer_seconds', 'Seconds from a message to its delivered answer.', ['surface'], LONG_SECONDS);
  const counterOf = (what: string) => metrics.counter(`nexus_adapter_${what}_total`, meanings[what] ?? 'What an adapter counts.', ['surface']);
  for (const what of Object.keys(meanings)) counterOf(what).inc({ surface }, 0);
  return {
    count: (what) => counterOf(what).inc({ surface }),
    answered: (durationMs) => duration.observe({ surface }, durationMs / 1_000),
    problem: (doing, error) => logger.warn({ surface, kind: doing, code: error.code, error }, 'an adapter has trouble and goes on'),
    startMessage: ({ messageId }) => {
      const span = tracer.startSpan(`message ${surface}`, { kind: 'server', attributes: { [attributes.messageId]: messageId } });
      return {
        traceparent: formatTraceparent(span.trace),
        end: (error) => {
          if (error !== undefined) span.recordError(error);
          span.end();
        },
      };
    },
  };
}
