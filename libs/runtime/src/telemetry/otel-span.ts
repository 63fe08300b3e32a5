import { SpanKind as OtelSpanKind, SpanStatusCode, TraceFlags, type Attributes as OtelAttributes, type HrTime, type SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { TraceContext } from '@nexus/core';
import type { HeldSpan } from './held-span.js';
import type { Attributes, SpanKind } from './tracing.js';

/** By NEXUS's words, OpenTelemetry's. */
export const otelKinds: Record<SpanKind, OtelSpanKind> = {
  internal: OtelSpanKind.INTERNAL,
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
  consumer: OtelSpanKind.CONSUMER,
};

export function spanContextOf(trace: TraceContext): SpanContext {
  return { traceId: trace.traceId, spanId: trace.spanId, traceFlags: trace.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

/** Without those that are undefined. */
export function definedAttributes(attributes: Attributes): OtelAttributes {
  const kept: OtelAttributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) kept[name] = typeof value === 'object' ? [...value] : value;
  }
  return kept;
}

/** A held span as exporters read spans, with the flag without which they would leave it out. */
export function readableSpan({ name, options, trace, startedAt, endedAt, attributes, hasFailed }: HeldSpan, resource: Resource): ReadableSpan {
  const context: SpanContext = { traceId: trace.traceId, spanId: trace.spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    name,
    kind: otelKinds[options.kind],
    spanContext: () => context,
    ...(options.parent && { parentSpanContext: spanContextOf(options.parent) }),
    startTime: hrTime(startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(Math.max(0, endedAt - startedAt)),
    status: { code: hasFailed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: definedAttributes(attributes),
    links: (options.links ?? []).map((link) => ({ context: spanContextOf(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'nexus' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
