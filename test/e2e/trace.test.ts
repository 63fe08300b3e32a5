import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver, waitFor, type OtlpReceiver, type ReceivedSpan } from '@nexus/testing';
import { apiKey, startNexusApart, type Nexus } from './nexus-apart.js';

describe('traces', () => {
  let nexus: Nexus;
  let receiver: OtlpReceiver;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    nexus = await startNexusApart({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' });
  }, 90_000);
  afterAll(async () => {
    await nexus?.stop();
    await receiver?.close();
  });

  it('OPS-2 one connected trace leads from the gateway over two model calls and a tool to the ledger', async () => {
    const traceId = 'abcdef0123456789abcdef0123456789';
    const response = await fetch(`${nexus.urls.gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', traceparent: `00-${traceId}-00000000000000aa-01` },
      body: JSON.stringify({ model: 'agent/default', messages: [{ role: 'user', content: 'What is 17.5% of 1,280?' }] }),
    });
    expect(response.status).toBe(200);
    const services = ['nexus-gateway', 'nexus-orchestrator', 'nexus-provider-router', 'nexus-tool-executor', 'nexus-usage'];
    const spans = (): ReceivedSpan[] => receiver.spans().filter((span) => span.traceId === traceId);
    const of = (service: string): ReceivedSpan[] => spans().filter((span) => span.serviceName === service);
    const isComplete = (): boolean => services.every((service) => of(service).length > 0) && of('nexus-provider-router').filter((span) => span.attributes['gen_ai.operation.name'] === 'chat').length === 2;
    await waitFor(isComplete, { timeoutMs: 15_000 });

    const known = new Set(spans().map((span) => span.spanId));
    const orphans = spans().filter((span) => span.parentSpanId !== '00000000000000aa' && !known.has(span.parentSpanId ?? ''));
    expect(orphans.map((span) => `${span.serviceName} ${span.name}`)).toEqual([]);
    const chat = of('nexus-provider-router').find((span) => span.attributes['gen_ai.operation.name'] === 'chat');
    expect(chat?.attributes).toMatchObject({ 'gen_ai.provider.name': 'demo', 'gen_ai.request.model': 'demo' });
    const tool = of('nexus-tool-executor').find((span) => span.attributes['gen_ai.operation.name'] === 'execute_tool');
    expect(tool?.attributes).toMatchObject({ 'gen_ai.tool.name': 'math_solver' });
    expect(of('nexus-usage').some((span) => span.attributes['messaging.destination.name'] === 'usage.recorded')).toBe(true);
  }, 60_000);
});
