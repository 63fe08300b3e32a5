import { create } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { DeadLetterService, SettingsChangedSchema, ToolService, UsageRecorded_Result as Result } from '@nexus/contracts';
import { deterministicId, newId, parseTraceparent } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probe } from './probe-tool.js';
import { SERVICE_TOKEN, ToolExecutorUnderTest } from './tool-executor-test.js';

const postgres = postgresTest();
const redis = redisTest();
const failing = probe({ name: 'failing' }, () => Promise.reject(new Error('postgres://user:secret@host')));
const slow = probe({ name: 'slow', timeoutMs: 60_000 }, (_args, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))));
const long = probe({ name: 'long' }, async () => 'x'.repeat(1_000));
const counted = probe({ name: 'counted' });
let disabledTools: string[] = [];
let tools: ToolExecutorUnderTest;

beforeAll(async () => {
  tools = await ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url, tools: [failing, slow, long, counted], settings: () => ({ disabledTools }) });
});
afterAll(() => tools.stop());

describe('a tool call', () => {
  it('is answered with its result, under ids that a redelivery has again', async () => {
    const trace = parseTraceparent(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
    const message = await tools.execute('math_solver', { expression: '17.5% of 1,280' }, { epoch: 7n }, { trace });
    const result = await tools.result(message);
    expect(result).toMatchObject({ id: deterministicId(message.payload.executionId, 'result'), tenantId: message.tenantId, correlationId: message.correlationId, trace: { traceId: 'a'.repeat(32) } });
    expect(result.payload).toMatchObject({ executionId: message.payload.executionId, runId: message.payload.runId, step: 1, epoch: 7n, result: { callId: 'call_1', name: 'math_solver', text: '224', isError: false } });
    expect(result.payload.error).toBeUndefined();
  });

  it('knows the time zone of the person who asked', async () => {
    const { result } = await tools.outcome(await tools.execute('current_time', '', { timezone: 'Asia/Tokyo', locale: 'de' }));
    expect(JSON.parse(result?.text ?? '')).toMatchObject({ timezone: 'Asia/Tokyo', iso: expect.stringMatching(/\+09:00$/) });
  });

  it('is answered to the one who asked when it names a reply-to', async () => {
    const seen: string[] = [];
    const replies = tools.bus.followReplies('tools.results', 'asker-1', (batch) => seen.push(...batch.map(({ payload }) => payload.executionId)));
    await replies.ready;
    const message = await tools.execute('counted', {}, {}, { replyTo: 'asker-1' });
    await waitFor(() => seen.includes(message.payload.executionId));
    expect(tools.resultsOf(message)).toEqual([]);
    await replies.stop();
  });

  it('runs again when it is delivered again, since a repeat has no effect', async () => {
    const message = await tools.execute('counted', {});
    const first = await tools.result(message);
    const calls = counted.calls();
    await tools.bus.publish(message);
    expect(await tools.result(message, 2)).toMatchObject({ id: first.id, payload: { result: first.payload.result } });
    expect(counted.calls()).toBe(calls + 1);
  });

  it('is recorded as usage that costs nothing', async () => {
    const message = await tools.execute('counted', {}, { attribution: { client: 'acme', keyId: 'key-1' } });
    await waitFor(() => tools.records.some(({ id }) => id === message.id));
    const record = tools.records.find(({ id }) => id === message.id);
    expect(record).toMatchObject({ tenantId: message.tenantId, payload: { attemptId: message.id, runId: message.payload.runId, tool: 'counted', result: Result.SUCCEEDED, attribution: { client: 'acme', keyId: 'key-1' }, errorCode: '' } });
    expect([record?.payload.usage, record?.payload.price]).toEqual([undefined, undefined]);
  });
});

describe('a call that is not made', () => {
  it.each([
    ['a tool that nobody knows', 'counter', {}, 'unknown_tool', 'Did you mean counted?'],
    ['arguments that do not fit', 'counted', { text: 1, other: true }, 'invalid_tool_arguments', 'arguments.other: is not a known argument; arguments.text: must be string'],
    ['arguments that are no JSON', 'counted', '{"text": ', 'invalid_tool_arguments', 'not valid JSON'],
  ])('is answered with an error: %s', async (_name, name, args, code, says) => {
    const calls = counted.calls();
    const message = await tools.execute(name, args);
    const { error, result } = await tools.outcome(message);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) as string, isRetryable: false });
    expect(result).toMatchObject({ callId: 'call_1', name, isError: true, text: `Error ${code}: ${error?.message}` });
    expect(counted.calls()).toBe(calls);
    expect(tools.records.some(({ id }) => id === message.id)).toBe(false);
  });

  it('is answered with an error when its tenant has switched the tool off, as soon as settings say so', async () => {
    const tenantId = newId();
    const envelope = { tenantId };
    expect((await tools.outcome(await tools.execute('counted', {}, {}, envelope))).error).toBeUndefined();
    disabledTools = ['counted'];
    await tools.bus.publish({ channel: 'settings.changed', id: newId(), payload: create(SettingsChangedSchema, { tenantId }) });
    await expect.poll(async () => (await tools.outcome(await tools.execute('counted', {}, {}, envelope))).error?.code).toBe('tool_disabled');
    disabledTools = [];
  });

  it('is answered with an error when its deadline has passed', async () => {
    const calls = counted.calls();
    const { error } = await tools.outcome(await tools.execute('counted', {}, { deadlineMs: BigInt(Date.now() - 1) }));
    expect(error).toMatchObject({ code: 'deadline_exceeded', status: 504 });
    expect(counted.calls()).toBe(calls);
  });

  it('becomes a dead letter when it makes no sense, and the one who asked is told where that is known', async () => {
    const noTenant = await tools.execute('counted', {}, {}, { tenantId: '' });
    const noExecution = await tools.execute('counted', {}, { executionId: 'first' });
    expect(await tools.outcome(noExecution)).toMatchObject({ executionId: 'first', error: { code: 'invalid_request' } });
    const letters = createClient(DeadLetterService, transport({ authorization: `Bearer ${SERVICE_TOKEN}` }));
    await waitFor(async () => (await letters.listDeadLetters({})).deadLetters.some(({ messageId }) => messageId === noTenant.id));
    expect(tools.resultsOf(noTenant)).toEqual([]);
  });
});

describe('a tool that misbehaves', () => {
  it('is stopped at the deadline of the call when that comes before its own time is over', async () => {
    const { error, durationMs } = await tools.outcome(await tools.execute('slow', {}, { deadlineMs: BigInt(Date.now() + 200) }));
    expect(error).toMatchObject({ code: 'tool_timeout', isRetryable: true });
    expect(Number(durationMs)).toBeLessThan(5_000);
  });

  it('shows no secret when it fails unexpectedly, and the failure is recorded', async () => {
    const message = await tools.execute('failing', {});
    const { error, result } = await tools.outcome(message);
    expect({ error, result }).toMatchObject({ error: { code: 'tool_failed' }, result: { isError: true } });
    expect(`${error?.message} ${result?.text}`).not.toContain('secret');
    await waitFor(() => tools.records.some(({ id, payload }) => id === message.id && payload.result === Result.FAILED && payload.errorCode === 'tool_failed'));
  });

  it('has its result cut to its size, and the model is told', async () => {
    const { result } = await tools.outcome(await tools.execute('long', {}));
    expect(Buffer.byteLength(result?.text ?? '')).toBeLessThanOrEqual(256);
    expect(result?.text).toContain('[cut: the result has 1000 bytes, only its beginning is shown]');
  });
});

describe('ToolService', () => {
  it('tells the other services each tool with its schema', async () => {
    const { tools: listed } = await createClient(ToolService, transport({ authorization: `Bearer ${SERVICE_TOKEN}` })).listTools({});
    expect(listed.map(({ definition }) => definition?.name)).toEqual(['current_time', 'math_solver', 'load_web_page', 'failing', 'slow', 'long', 'counted']);
    const solver = listed.find(({ definition }) => definition?.name === 'math_solver');
    expect(solver).toMatchObject({ isIdempotent: true, timeoutMs: 12_000n });
    expect(JSON.parse(solver?.definition?.parameters ?? '')).toMatchObject({ type: 'object', required: ['expression'], additionalProperties: false });
  });

  it('tells nobody else', async () => {
    await expect(createClient(ToolService, transport({})).listTools({})).rejects.toMatchObject({ code: Code.Unauthenticated });
  });
});

function transport(headers: Record<string, string>) {
  return createGrpcTransport({
    baseUrl: tools.service.url ?? '',
    interceptors: [(next) => (request) => {
      for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
      return next(request);
    }],
  });
}
