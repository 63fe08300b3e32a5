import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace as otelTrace } from '@opentelemetry/api';
import type { Context, Span as OtelSpan, Tracer as OtelTracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { newTrace, type TraceContext } from '@nexus/core';
import { attributes as names } from './attributes.js';
import { errorTypeOf } from './error-type.js';
import { HeldSpan } from './held-span.js';
import { HeldTraces } from './held-traces.js';
import { definedAttributes, otelKinds, readableSpan, spanContextOf } from './otel-span.js';
import type { Attributes, Span, SpanOptions, Telemetry, TelemetryOptions, Tracer } from './tracing.js';

/** One for the services of a process: what fails in one of them is worth the others' spans too. */
const held = new HeldTraces();

/**
 * Loaded only when traces are recorded. Who begins a trace decides by ratio whether it is sampled, everybody after goes by that; of what is
 * not sampled spans are noted all the same, and exported if their trace fails in this process.
 */
export function startOtlpTracing(options: TelemetryOptions & { otlpEndpoint: string }): Telemetry {
  const exporter = new OTLPTraceExporter({ url: `${options.otlpEndpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 });
  const resource = resourceFromAttributes({ 'service.name': `nexus-${options.service}`, 'service.namespace': 'nexus', 'service.instance.id': options.replica });
  const processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, maxQueueSize: 8_192 });
  const provider = new TracerProvider({ resource, sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }), spanProcessors: [processor] });
  const onHeldEnd = (span: HeldSpan): void => held.ended(span.trace.traceId, span.hasFailed, () => processor.onEnd(readableSpan(span, resource)));
  return { tracer: new OtlpTracer(provider.getTracer('nexus'), onHeldEnd), shutdown: (timeoutMs) => settleWithin(provider.shutdown(), timeoutMs) };
}

class OtlpTracer implements Tracer {
  constructor(
    private readonly tracer: OtelTracer,
    private readonly onHeldEnd: (span: HeldSpan) => void,
  ) {}

  startSpan(name: string, options: SpanOptions): Span {
    const { parent } = options;
    if (parent?.sampled === false) return new HeldSpan(name, options, { ...parent, spanId: newTrace(false).spanId }, this.onHeldEnd);
    const span = this.tracer.startSpan(
      name,
      {
        kind: otelKinds[options.kind],
        ...(options.attributes === undefined ? {} : { attributes: definedAttributes(options.attributes) }),
        ...(options.startedAt === undefined ? {} : { startTime: options.startedAt }),
        ...(options.links === undefined ? {} : { links: options.links.map((link) => ({ context: spanContextOf(link) })) }),
      },
      parent === undefined ? ROOT_CONTEXT : contextOf(parent),
    );
    if (span.isRecording()) return new OtlpSpan(span);
    const { traceId, spanId } = span.spanContext(); // a trace that begins here and is not sampled
    return new HeldSpan(name, options, { traceId, spanId, sampled: false }, this.onHeldEnd);
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
    this.span.setAttributes(definedAttributes(attributes));
  }

  recordError(error: unknown): void {
    this.span.setAttribute(names.errorType, errorTypeOf(error));
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.span.end();
  }
}

function contextOf(parent: TraceContext): Context {
  return otelTrace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
}

async function settleWithin(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
