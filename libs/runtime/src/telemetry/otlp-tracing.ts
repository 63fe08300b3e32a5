import { ROOT_CONTEXT, SpanKind as OtelSpanKind, SpanStatusCode, TraceFlags, trace as otelTrace } from '@opentelemetry/api';
import type { Attributes as OtelAttributes, Context, Span as OtelSpan, SpanContext, Tracer as OtelTracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider, createAlwaysRecordSampler } from '@opentelemetry/sdk-trace';
import { AppError, type TraceContext } from '@nexus/core';
import { attributes as names } from './attributes.js';
import { ErrorKeepingProcessor } from './error-keeping-processor.js';
import { HeldTraces } from './held-traces.js';
import { type Attributes, type Span, type SpanKind, type SpanOptions, type Telemetry, type TelemetryOptions, type Tracer } from './tracing.js';

const kinds: Record<SpanKind, OtelSpanKind> = {
  internal: OtelSpanKind.INTERNAL,
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
  consumer: OtelSpanKind.CONSUMER,
};

/** One for the services of a process: what fails in one of them is worth the others' spans too. */
const held = new HeldTraces();

/**
 * Loaded only when traces are recorded. Who begins a trace decides by ratio whether it is sampled, everybody after goes by that; but spans of
 * what is not sampled are made all the same, and exported if their trace fails in this process.
 */
export function startOtlpTracing(options: TelemetryOptions & { otlpEndpoint: string }): Telemetry {
  const exporter = new OTLPTraceExporter({ url: `${options.otlpEndpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `nexus-${options.service}`,
      'service.namespace': 'nexus',
      'service.instance.id': options.replica,
    }),
    sampler: createAlwaysRecordSampler(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) })),
    spanProcessors: [new ErrorKeepingProcessor(new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, maxQueueSize: 8_192 }), held)],
  });
  return { tracer: new OtlpTracer(provider.getTracer('nexus')), shutdown: (timeoutMs) => settleWithin(provider.shutdown(), timeoutMs) };
}

class OtlpTracer implements Tracer {
  constructor(private readonly tracer: OtelTracer) {}

  startSpan(name: string, options: SpanOptions): Span {
    const span = this.tracer.startSpan(
      name,
      {
        kind: kinds[options.kind],
        ...(options.attributes === undefined ? {} : { attributes: defined(options.attributes) }),
        ...(options.startedAt === undefined ? {} : { startTime: options.startedAt }),
        ...(options.links === undefined ? {} : { links: options.links.map((link) => ({ context: spanContextOf(link) })) }),
      },
      options.parent === undefined ? ROOT_CONTEXT : contextOf(options.parent),
    );
    return new OtlpSpan(span);
  }
}

class OtlpSpan implements Span {
  readonly trace: TraceContext;

  constructor(private readonly span: OtelSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.trace = { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  get isRecording(): boolean {
    return this.span.isRecording();
  }

  setAttributes(attributes: Attributes): void {
    this.span.setAttributes(defined(attributes));
  }

  recordError(error: unknown): void {
    const type = error instanceof AppError ? error.code : error instanceof Error ? error.name : typeof error;
    this.span.setAttribute(names.errorType, type);
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.span.end();
  }
}

function contextOf(parent: TraceContext): Context {
  return otelTrace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
}

function spanContextOf(trace: TraceContext): SpanContext {
  return { traceId: trace.traceId, spanId: trace.spanId, traceFlags: trace.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function defined(attributes: Attributes): OtelAttributes {
  const kept: OtelAttributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) kept[name] = typeof value === 'object' ? [...value] : value;
  }
  return kept;
}

async function settleWithin(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
