import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.js';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

it('receives what the OpenTelemetry SDK exports', async () => {
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
  const provider = new TracerProvider({ resource: resourceFromAttributes({ 'service.name': 'gateway' }), spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan('chat', { kind: SpanKind.SERVER, attributes: { 'gen_ai.usage.input_tokens': 12, ratio: 0.5, ok: true, tags: ['a', 'b'] } });
  const child = tracer.startSpan('publish', { kind: SpanKind.PRODUCER, links: [{ context: root.spanContext() }] }, trace.setSpan(ROOT_CONTEXT, root));
  child.setStatus({ code: SpanStatusCode.ERROR }).end();
  root.end();
  await provider.shutdown();

  const [published, chat] = receiver.spans();
  const { traceId, spanId } = root.spanContext();
  expect(chat).toMatchObject({ traceId, spanId, parentSpanId: undefined, name: 'chat', kind: 'server', status: 'unset', serviceName: 'gateway' });
  expect(chat?.attributes).toEqual({ 'gen_ai.usage.input_tokens': 12, ratio: 0.5, ok: true, tags: ['a', 'b'] });
  expect(chat?.durationMs).toBeGreaterThanOrEqual(0);
  expect(published).toMatchObject({ traceId, parentSpanId: spanId, kind: 'producer', status: 'error', links: [{ traceId, spanId }] });
});

it('reads gzip, and refuses what it cannot read', async () => {
  const send = async (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<number> => (await fetch(receiver.url + path, { method: 'POST', body, headers })).status;
  const span = { traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '2', name: 'zipped', startTimeUnixNano: '1', endTimeUnixNano: '1000001' };
  const json = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  expect(await send('/v1/traces', new Uint8Array(gzipSync(json)), { 'content-type': 'application/json', 'content-encoding': 'gzip' })).toBe(200);
  expect(receiver.spans()).toMatchObject([{ name: 'zipped', durationMs: 1, kind: 'unspecified', serviceName: undefined }]);

  expect(await send('/v1/traces', new Uint8Array([10, 0]), { 'content-type': 'application/x-protobuf' })).toBe(415);
  expect(await send('/v1/traces', '{')).toBe(400);
  expect(await send('/v1/traces', json.replace('"0000', '"xyz'))).toBe(400);
  expect(await send('/v1/metrics', '{}')).toBe(200);
  expect(await send('/elsewhere', '{}')).toBe(404);
  expect(receiver.spans()).toHaveLength(1);
});
