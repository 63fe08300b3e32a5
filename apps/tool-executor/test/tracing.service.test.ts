import { parseTraceparent } from '@nexus/core';
import { postgresTest, redisTest, startOtlpReceiver } from '@nexus/testing';
import { expect, it } from 'vitest';
import { ToolExecutorUnderTest } from './tool-executor-test.js';

const postgres = postgresTest();
const redis = redisTest();

it("traces each call under its tool's name, and says nothing of a name that is no tool's", async () => {
  const receiver = await startOtlpReceiver();
  const tools = await ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url, environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
  const trace = parseTraceparent(`00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`);
  const message = await tools.execute('current_time', {}, {}, { trace });
  const result = await tools.result(message);
  await tools.outcome(await tools.execute('my password is hunter2', {}, {}, { trace }));
  await tools.stop();

  const spans = receiver.spans().filter(({ name }) => name.startsWith('execute_tool'));
  expect(spans.map(({ name, status }) => [name, status])).toEqual([['execute_tool current_time', 'unset'], ['execute_tool', 'error']]);
  expect(spans[0]).toMatchObject({
    kind: 'internal', traceId: 'c'.repeat(32), parentSpanId: 'd'.repeat(16), spanId: result.trace?.spanId,
    attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'current_time', 'gen_ai.tool.call.id': 'call_1', 'nexus.run.id': message.payload.runId },
  });
  expect(JSON.stringify(receiver.spans())).not.toContain('hunter2');
  await receiver.close();
});
