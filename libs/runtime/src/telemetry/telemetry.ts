import type { RuntimeConfig } from '../config.js';
import { silentTracer, type Tracer } from './tracing.js';

export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is recorded, waiting at most `timeoutMs`; never rejects: a collector that is down must not hold up the end. */
  readonly shutdown: (timeoutMs: number) => Promise<void>;
}

export interface TelemetryOptions {
  /** Becomes `service.name` nexus-<service>. */
  readonly service: string;
  readonly replica: string;
  readonly otlpEndpoint: RuntimeConfig['otlpEndpoint'];
  readonly sampleRatio: number;
}

/** Traces over OTLP/HTTP when there is an endpoint; otherwise the SDK is not even loaded. One per service, also within one process. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (options.otlpEndpoint === undefined) return { tracer: silentTracer, shutdown: () => Promise.resolve() };
  const { startOtlpTracing } = await import('./otlp-tracing.js');
  return startOtlpTracing({ ...options, otlpEndpoint: options.otlpEndpoint });
}
