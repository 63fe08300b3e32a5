import { redisTest, startOtlpReceiver, waitFor, type OtlpReceiver } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  gateway = await startGateway(redis, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
});
afterAll(async () => {
  await gateway.stop();
  await receiver.close();
});

const messages = [{ role: 'user', content: 'hi' }];

it("is the root of a completion's trace, or hangs under the caller's own", async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await gateway.call('/v1/chat/completions', { body: { model: 'gpt-4o', messages }, headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
  const span = await waitFor(() => receiver.spans().find((each) => each.name === 'chat gpt-4o'), { what: 'the span' });
  expect(span).toMatchObject({
    traceId,
    parentSpanId: 'b7ad6b7169203331',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.provider.name': 'bench', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 4, 'nexus.cost.micro_usd': 17 },
  });
  expect(gateway.router.requests.at(-1)?.trace).toMatchObject({ traceId, spanId: span.spanId });
});

it('names the agent and the run, and marks what failed', async () => {
  await gateway.call('/v1/chat/completions', { body: { model: 'agent/default', messages } });
  const span = await waitFor(() => receiver.spans().find((each) => each.attributes['gen_ai.agent.name'] === 'default'), { what: 'the span' });
  expect(span.attributes).toMatchObject({ 'nexus.cost.micro_usd': 42, 'gen_ai.conversation.id': expect.stringMatching(/.+/) as string, 'nexus.run.id': expect.stringMatching(/.+/) as string });
  await gateway.call('/v1/chat/completions', { body: { model: 'missing', messages } });
  const failed = await waitFor(() => receiver.spans().find((each) => each.name === 'chat missing'), { what: 'the failed span' });
  expect(failed.attributes['error.type']).toBe('model_not_found');
});
