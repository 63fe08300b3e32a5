import { AppError, formatTraceparent, newTrace, parseTraceparent } from '@nexus/core';
import { startOtlpReceiver, type OtlpReceiver } from '@nexus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TRACER, asTenant, attributes, startService, startTelemetry, type Tracer } from '../src/index.js';
import { TENANT_A, testDefinition, testInfrastructure } from './test-service.js';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

const telemetryOf = (service: string, sampleRatio = 1) => startTelemetry({ service, replica: 'r1', otlpEndpoint: receiver.url, sampleRatio });

describe('traces', () => {
  it('connect the services of one process, each under its own name', async () => {
    const [gateway, router] = await Promise.all([telemetryOf('gateway'), telemetryOf('provider-router')]);
    const root = gateway.tracer.startSpan('POST /v1/chat/completions', { kind: 'server' });
    const arrived = parseTraceparent(formatTraceparent(root.trace));
    const call = router.tracer.startSpan('chat demo', { kind: 'client', parent: arrived, attributes: { [attributes.requestModel]: 'demo', [attributes.finishReasons]: ['stop'], [attributes.tenantId]: undefined } });
    call.setAttributes({ [attributes.inputTokens]: 12 });
    call.recordError(new AppError('provider_unavailable', 'The provider does not answer.'));
    call.end();
    root.end();
    await Promise.all([gateway.shutdown(2_000), router.shutdown(2_000)]);
    const spans = receiver.spans();
    expect(spans.map((span) => span.serviceName).sort()).toEqual(['nexus-gateway', 'nexus-provider-router']);
    const child = spans.find((span) => span.name === 'chat demo');
    expect(child).toMatchObject({
      traceId: root.trace.traceId, parentSpanId: root.trace.spanId, kind: 'client', status: 'error',
      attributes: { 'gen_ai.request.model': 'demo', 'gen_ai.response.finish_reasons': ['stop'], 'gen_ai.usage.input_tokens': 12, 'error.type': 'provider_unavailable' },
    });
  });

  it('hold a span for each RPC, which what the handler does hangs under', async () => {
    const infrastructure = testInfrastructure({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
    const service = await startService(testDefinition, infrastructure, { listen: false });
    const parent = newTrace();
    await infrastructure.clients.tools.listTools({}, asTenant(TENANT_A, parent));
    service.get<Tracer>(TRACER).startSpan('other', { kind: 'internal' }).end();
    await service.stop();
    const rpc = receiver.spans().find((span) => span.name === 'nexus.tool.v1.ToolService/ListTools');
    expect(rpc).toMatchObject({ traceId: parent.traceId, parentSpanId: parent.spanId, kind: 'server', serviceName: 'nexus-tool-executor', attributes: { 'nexus.tenant.id': TENANT_A } });
    expect(receiver.spans().filter((span) => span.parentSpanId === undefined).map((span) => span.name)).toEqual(['other']);
  });

  it('follow the decision of whoever began them', async () => {
    const { tracer, shutdown } = await telemetryOf('usage', 0);
    const root = tracer.startSpan('not sampled', { kind: 'internal' });
    expect(root.trace.sampled).toBe(false);
    tracer.startSpan('child', { kind: 'internal', parent: root.trace }).end();
    root.end();
    tracer.startSpan('sampled elsewhere', { kind: 'internal', parent: newTrace(true) }).end();
    await shutdown(2_000);
    expect(receiver.spans().map((span) => span.name)).toEqual(['sampled elsewhere']);
  });

  it('are exported when they fail, though they were not sampled: what ended before in this process, and what comes after', async () => {
    const [gateway, router] = await Promise.all([telemetryOf('gateway', 0), telemetryOf('provider-router', 0)]);
    const root = gateway.tracer.startSpan('question', { kind: 'server' });
    gateway.tracer.startSpan('before', { kind: 'internal', parent: root.trace }).end();
    const call = router.tracer.startSpan('call', { kind: 'client', parent: root.trace });
    call.recordError(new AppError('provider_unavailable', 'The provider does not answer.'));
    call.end();
    root.end();
    gateway.tracer.startSpan('another trace', { kind: 'internal' }).end();
    await Promise.all([gateway.shutdown(2_000), router.shutdown(2_000)]);
    expect(receiver.spans().map(({ name, traceId }) => [name, traceId]).sort()).toEqual(['before', 'call', 'question'].map((name) => [name, root.trace.traceId]));
    expect(root.trace.sampled).toBe(false);
  });

  it('do not hold up the end when the collector is down', async () => {
    const { tracer, shutdown } = await startTelemetry({ service: 'usage', replica: 'r1', otlpEndpoint: 'http://127.0.0.1:1', sampleRatio: 1 });
    tracer.startSpan('lost', { kind: 'internal' }).end();
    const began = performance.now();
    await shutdown(300);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it('pass through when nobody records: the parent stays the parent, and a trace begins where there is none', async () => {
    const { tracer } = await startTelemetry({ service: 'usage', replica: 'r1', otlpEndpoint: undefined, sampleRatio: 1 });
    const parent = newTrace();
    expect(tracer.startSpan('x', { kind: 'internal', parent }).trace).toEqual(parent);
    const first = tracer.startSpan('x', { kind: 'internal' }).trace;
    expect(formatTraceparent(first)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(tracer.startSpan('x', { kind: 'internal' }).trace.traceId).not.toBe(first.traceId);
  });
});

