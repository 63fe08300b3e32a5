import { create, toBinary } from '@bufbuild/protobuf';
import { ToolExecutedSchema, UsageRecorded_Result as Result } from '@nexus/contracts';
import { deterministicId, newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gate, probe, type Probe } from './probe-tool.js';
import { ToolExecutorUnderTest } from './tool-executor-test.js';

const REPLICA = 'once-1';
const postgres = postgresTest();
const redis = redisTest();
let admin: Client;
let held: ReturnType<typeof gate>;
let pay: Probe;
let disabledTools: string[];
let tools: ToolExecutorUnderTest;

beforeAll(async () => {
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(() => admin.end());

beforeEach(async () => {
  held = gate();
  pay = probe({ name: 'pay', isIdempotent: false }, async (_args, _context, call) => (await held.opened, `paid, call ${call}`));
  disabledTools = [];
  tools = await ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url, tools: [pay], replica: REPLICA, settings: () => ({ disabledTools }) });
});
afterEach(() => tools.stop());

async function rowOf(id: string): Promise<{ state: string; owner: string } | undefined> {
  const { rows } = await admin.query<{ state: string; owner: string }>('SELECT state, owner FROM tools.execution WHERE id = $1', [id]);
  return rows[0];
}

/** A row that some other life opened: what is left when one dies in the midst of a call. */
async function openedBy(owner: string, lasts = '1 hour') {
  const [tenantId, runId] = [newId(), newId()];
  const executionId = deterministicId(runId, 'tool', 1, 0);
  await admin.query(`INSERT INTO tools.execution VALUES ($1, $2, 'open', 'pay', $3, now(), now() + $4::interval)`, [tenantId, executionId, owner, lasts]);
  return { tenantId, call: { runId, executionId } };
}

describe('a tool that is not declared idempotent', () => {
  it('has a row before it is called, which holds its answer after', async () => {
    const message = await tools.execute('pay', {});
    await waitFor(() => pay.calls() === 1);
    expect(await rowOf(message.id)).toMatchObject({ state: 'open', owner: expect.stringMatching(new RegExp(`^${REPLICA} `)) as string });
    held.open();
    expect((await tools.outcome(message)).result?.text).toBe('paid, call 1');
    expect(await rowOf(message.id)).toMatchObject({ state: 'settled' });
  });

  it('is called once however often the call is delivered, and each delivery is answered alike', async () => {
    const message = await tools.execute('pay', {});
    await tools.bus.publish(message);
    await waitFor(() => pay.calls() === 1);
    await tools.bus.publish(message);
    held.open();
    const first = await tools.result(message, 3);
    await tools.bus.publish({ ...message, payload: { ...message.payload, epoch: 2n } });
    const later = await tools.result(message, 4);
    expect(new Set(tools.resultsOf(message).map(({ id, payload }) => `${id} ${payload.result?.text}`)).size).toBe(1);
    expect(later.payload).toEqual({ ...first.payload, epoch: 2n });
    expect(pay.calls()).toBe(1);
    await waitFor(() => tools.records.filter(({ id }) => id === message.id).length === 4);
  });

  it('is not called again when the life that began the call is gone: its outcome is unknown, for good', async () => {
    const { tenantId, call } = await openedBy(`${REPLICA} of an earlier life`);
    const message = await tools.execute('pay', {}, call, { tenantId });
    const { error, result } = await tools.outcome(message);
    expect(error).toMatchObject({ code: 'tool_outcome_unknown', isRetryable: false });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('may have taken effect') as string });
    await tools.bus.publish(message);
    expect((await tools.result(message, 2)).payload.error?.code).toBe('tool_outcome_unknown');
    expect(pay.calls()).toBe(0);
    await waitFor(() => tools.records.some(({ id, payload }) => id === call.executionId && payload.result === Result.FAILED && payload.errorCode === 'tool_outcome_unknown'));
  });

  it('is not called again when the time of another replica for the call is over', async () => {
    const { tenantId, call } = await openedBy('other-1 life', '-1 second');
    const message = await tools.execute('pay', {}, call, { tenantId });
    expect((await tools.outcome(message)).error?.code).toBe('tool_outcome_unknown');
    expect(pay.calls()).toBe(0);
  });

  it('is waited for while another replica may be calling it', async () => {
    const { tenantId, call } = await openedBy('other-1 life');
    const message = await tools.execute('pay', {}, call, { tenantId });
    const after = await tools.execute('current_time', {});
    await tools.result(after);
    expect(tools.resultsOf(message)).toEqual([]);
    const answer = create(ToolExecutedSchema, { ...call, result: { text: 'paid over there' } });
    await admin.query(`UPDATE tools.execution SET state = 'settled', settled_at = now(), answer = $2 WHERE id = $1`, [call.executionId, Buffer.from(toBinary(ToolExecutedSchema, answer))]);
    expect((await tools.outcome(message)).result?.text).toBe('paid over there');
    expect(pay.calls()).toBe(0);
  });

  it('keeps its answer when it is switched off or too late by the time the call is delivered again', async () => {
    held.open();
    const message = await tools.execute('pay', {});
    await tools.result(message);
    disabledTools = ['pay'];
    await tools.bus.publish({ ...message, payload: { ...message.payload, deadlineMs: 1n } });
    expect((await tools.result(message, 2)).payload.result?.text).toBe('paid, call 1');
  });

  it.each([
    ['too late', { deadlineMs: 1n }, 'deadline_exceeded'],
    ['wrong', { call: { name: 'pay', arguments: '{"amount":1}' } }, 'invalid_tool_arguments'],
  ])('leaves no row when the call is refused for being %s', async (_name, call, code) => {
    const message = await tools.execute('pay', {}, call);
    expect((await tools.outcome(message)).error?.code).toBe(code);
    expect(await rowOf(message.id)).toBeUndefined();
  });

  it('keeps rows of calls that come together in one transaction', async () => {
    held.open();
    const messages = await Promise.all(Array.from({ length: 40 }, () => tools.execute('pay', {})));
    await Promise.all(messages.map((message) => tools.result(message)));
    const { rows } = await admin.query<{ moments: string; states: string }>(
      `SELECT count(DISTINCT opened_at) AS moments, string_agg(DISTINCT state, ',') AS states FROM tools.execution WHERE id = ANY ($1)`, [messages.map(({ id }) => id)]);
    expect(rows[0]?.states).toBe('settled');
    expect(Number(rows[0]?.moments)).toBeLessThan(20);
    expect(pay.calls()).toBe(40);
  });
});
