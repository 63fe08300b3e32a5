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

/** By what the adapter kit calls them. */
function countersOf(metrics: Metrics) {
  return new Map(Object.entries({
    messages: metrics.counter('nexus_adapter_messages_total', 'Messages of people that came.', ['surface']),
    answers: metrics.counter('nexus_adapter_answers_total', 'Answers that were delivered.', ['surface']),
    refusals: metrics.counter('nexus_adapter_refusals_total', 'Delivered answers that are a refusal.', ['surface']),
    posts: metrics.counter('nexus_adapter_posts_total', 'Messages that the bot posted.', ['surface']),
    edits: metrics.counter('nexus_adapter_edits_total', 'Changes of messages that the bot had posted.', ['surface']),
    republished: metrics.counter('nexus_adapter_republished_total', 'Messages that were sent to NEXUS once more.', ['surface']),
    reconnects: metrics.counter('nexus_adapter_reconnects_total', 'Times that the connection to NEXUS was there again.', ['surface']),
    failures: metrics.counter('nexus_adapter_failures_total', 'Calls to the platform that failed.', ['surface']),
  }));
}

/** Reports for one surface. No chat, person or text is in them. */
export function adapterReports({ surface, logger, tracer, metrics }: AdapterReportsParts): AdapterReports {
  const duration = metrics.histogram('nexus_adapter_answer_seconds', 'Seconds from a message to its delivered answer.', ['surface'], LONG_SECONDS);
  const counters = countersOf(metrics);
  for (const counter of counters.values()) counter.inc({ surface }, 0);
  return {
    count: (what) => counters.get(what)?.inc({ surface }),
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
