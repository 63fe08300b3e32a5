import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, TaskState } from '@nexus/contracts';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER } from './fake-orchestrator.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

const post = (path: string, body: unknown, options: Parameters<GatewayUnderTest['call']>[1] = {}): Promise<Response> => gateway.call(path, { body, ...options });
const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
const received = () => gateway.orchestrator.received.at(-1)?.payload;

describe('a task', () => {
  it('is classified, done, and told of: which model, why that one, and what it cost', async () => {
    const response = await post('/task', { task: 'add up' });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-nexus-model': 'bench/fake', 'x-nexus-tier': 'fast', 'x-nexus-cost-micro-usd': '42' });
    expect(await response.json()).toEqual({
      id: expect.any(String), thread_id: expect.any(String), answer: ANSWER, model: 'bench/fake', tier: 'fast', confidence: 0.9, reason: 'short', classifier: 'rules',
      fallbacks: [{ model: 'bench/dear', code: 'rate_limit', reason: 'full' }],
      tokens: { input: 20, cache_read: 5, cache_write: 0, output: 11, reasoning: 2, total: 36 }, cost_usd: 0.000042, cost_micro_usd: 42, run_units: 0, is_partial: false,
    });
    expect(received()).toMatchObject({ text: 'add up', model: 'auto', agent: '', surface: 'api' });
  });

  it.each([
    [{ text: 'x', force_tier: 'fast' }, { model: 'fast' }],
    [{ text: 'x', force_tier: 'opus', agent: 'research' }, { model: 'opus', agent: 'research' }],
    [{ text: 'x', model: 'openai/gpt-4o', user: 'ann' }, { model: 'openai/gpt-4o', sender: { id: 'ann' } }],
  ])('of %j goes to %j', async (body, expected) => {
    expect(await json(post('/task', body))).toMatchObject({ answer: ANSWER, tier: null, confidence: null, reason: null });
    expect(received()).toMatchObject(expected);
  });

  it.each([
    [{}, 'task'],
    [{ task: 'x', text: 'x' }, 'task'],
    [{ task: '  ' }, 'task'],
    [{ task: 'x', force_tier: 'cheap' }, 'force_tier'],
    [{ task: 'x', force_tier: 'fast', model: 'gpt-4o' }, 'force_tier'],
    [{ task: 'x', colour: 'red' }, 'colour'],
  ])('of %j is refused, naming %s, in both places', async (body, param) => {
    for (const path of ['/task', '/queue']) {
      const response = await post(path, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param } });
    }
  });

  it('is done once under its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'task-once' };
    const first = await (await post('/task', { task: 'once' }, { headers })).text();
    expect(await (await post('/task', { task: 'once' }, { headers })).text()).toBe(first);
    expect((await post('/task', { task: 'twice' }, { headers })).status).toBe(422);
  });

  it('that is refused says why', async () => {
    const response = await post('/task', { task: 'x', agent: 'poor' });
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([429, 'budget_exceeded']);
  });

  it('is cancelled when its client leaves', async () => {
    gateway.orchestrator.isHolding = true;
    const abort = new AbortController();
    const before = gateway.orchestrator.received.length;
    const asked = post('/task', { task: 'slowly' }, { signal: abort.signal }).catch(() => 'left');
    await expect.poll(() => gateway.orchestrator.received.length).toBeGreaterThan(before);
    const messageId = gateway.orchestrator.received.at(-1)?.id;
    abort.abort();
    expect(await asked).toBe('left');
    await expect.poll(() => gateway.orchestrator.cancelled).toContain(messageId);
    gateway.orchestrator.isHolding = false;
  });
});

describe('the queue', () => {
  it('takes a task, shows its place, and gives its result', async () => {
    const response = await post('/queue', { task: 'later', force_tier: 'fast' }, { headers: { 'idempotency-key': 'q-1' } });
    expect(response.status).toBe(202);
    const task = (await response.json()) as { id: string };
    expect(task).toEqual({
      id: expect.any(String), object: 'task', task: 'later', agent: 'default', model: 'fast', state: 'queued', position: 1, created_at: 1_763_600_000, started_at: null, finished_at: null, result: null, error: null,
    });
    expect(gateway.idempotencyKeys.at(-1)).toBe('q-1');
    const stored = gateway.tasks.get(task.id)?.task;
    Object.assign(stored ?? {}, { state: TaskState.DONE, position: 0, finishedAt: 1_763_600_009_000n, answer: create(ProcessedRequestSchema, { runId: 'run-1', outcome: Outcome.ANSWERED, text: 'done', usage: { costMicroUsd: 7n } }) });
    expect(await json(gateway.call(`/queue/${task.id}`))).toMatchObject({ state: 'done', position: null, finished_at: 1_763_600_009, result: { id: 'run-1', answer: 'done', cost_micro_usd: 7 }, error: null });
  });

  it('lists by state, and cancels', async () => {
    const { id } = (await json(post('/queue', { task: 'never' }))) as { id: string };
    expect(await json(gateway.call('/queue?state=queued&limit=1'))).toMatchObject({ object: 'list', data: [{ id }] });
    expect(await json(gateway.call(`/queue/${id}`, { method: 'DELETE' }))).toMatchObject({ id, state: 'cancelled' });
    expect(await json(gateway.call('/queue?state=asleep'))).toMatchObject({ error: { param: 'state' } });
  });

  it('is its tenant\'s alone', async () => {
    const { id } = (await json(post('/queue', { task: 'mine' }))) as { id: string };
    const response = await gateway.call(`/queue/${id}`, { key: 'nx_b_user' });
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([404, 'task_not_found']);
    expect((await gateway.call('/queue', { key: '' })).status).toBe(401);
  });
});
