import { silentTracer, type Telemetry, type TelemetryOptions } from './tracing.js';

/** Traces over OTLP/HTTP when there is an endpoint; otherwise the SDK is not even loaded. One per service, also within one process. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (options.otlpEndpoint === undefined) return { tracer: silentTracer, shutdown: () => Promise.resolve() };
  const { startOtlpTracing } = await import('./otlp-tracing.js');
  return startOtlpTracing({ ...options, otlpEndpoint: options.otlpEndpoint });
}
