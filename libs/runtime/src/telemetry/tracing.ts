import { newTrace, type TraceContext } from '@nexus/core';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export interface SpanOptions {
  readonly kind: SpanKind;
  /** Without one the span begins a trace. */
  readonly parent?: TraceContext | undefined;
  readonly attributes?: Attributes;
  /** Unix milliseconds; default now. */
  readonly startedAt?: number;
  /** Other spans that led to this one, e.g. the messages of a batch. */
  readonly links?: readonly TraceContext[];
}

/** One timed piece of work. */
export interface Span {
  /** Parent of what this work causes: goes into messages and calls. */
  readonly trace: TraceContext;
  /** False when nothing is recorded: spare the work of collecting attributes. */
  readonly isRecording: boolean;
  setAttributes(attributes: Attributes): void;
  /** Marks the span as failed, with the error's class or code, never its text: a provider's may quote the prompt. */
  recordError(error: unknown): void;
  end(): void;
}

/** Starts spans under one service's name. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions): Span;
}

/** One service's tracing, from its start to its end. */
export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is recorded, waiting at most `timeoutMs`; never rejects: a collector that is down must not hold up the end. */
  readonly shutdown: (timeoutMs: number) => Promise<void>;
}

export interface TelemetryOptions {
  /** Becomes `service.name` nexus-<service>. */
  readonly service: string;
  readonly replica: string;
  readonly otlpEndpoint: string | undefined;
  readonly sampleRatio: number;
}

/** Records nothing; hands the parent's context on, or begins a trace where there is none. */
export const silentTracer: Tracer = {
  startSpan: (_name, options) => new SilentSpan(options.parent ?? newTrace()),
};

/** A span that nobody records. */
class SilentSpan implements Span {
  readonly isRecording = false;

  constructor(readonly trace: TraceContext) {}

  setAttributes(): void {}
  recordError(): void {}
  end(): void {}
}
