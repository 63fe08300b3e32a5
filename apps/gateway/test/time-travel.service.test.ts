import { RunStatus } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
const id = newId();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
  const tenantId = [...gateway.keys].find(([secret]) => secret === 'nx_a_user')?.[1].tenantId ?? '';
  gateway.runs.set(id, { tenantId, id, threadId: 't', messageId: 'm', status: RunStatus.SUCCEEDED });
});
afterAll(() => gateway.stop());

it('GET /v1/runs/{id}/replay shows each state beside what was stored', async () => {
  const response = await gateway.call(`/v1/runs/${id}/replay`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    object: 'run.replay', run_id: id, status: 'succeeded', is_same: false,
    events: [
      { seq: 0, phase: 'model', stored_fingerprint: null, computed_fingerprint: '0000000a', effects: [{ kind: 'call_model', ids: ['a'], part: null }] },
      { seq: 1, phase: 'over', cost_micro_usd: 7, stored_fingerprint: 'ffffffff', computed_fingerprint: '0000001f' },
    ],
    divergences: [{ seq: 1, kind: 'fingerprint', message: 'another' }, { seq: null, kind: 'status', message: 'another' }],
  });
});

it('POST /v1/runs/{id}/fork answers with the new run, and passes the Idempotency-Key on', async () => {
  const response = await gateway.call(`/v1/runs/${id}/fork`, { body: { step: 2, text: 'and?', agent: 'default' }, headers: { 'idempotency-key': 'fork-once' } });
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({ object: 'thread.run', thread_id: 'new', agent: 'default and?', forked_from: { run_id: id, step: 2 }, answer: null });
  expect(gateway.idempotencyKeys.at(-1)).toBe('fork-once');
});

it.each([
  ['no step', {}, 'step'], ['a step that is none', { step: -1 }, 'step'], ['a step that is no number', { step: '1' }, 'step'], ['a field that is unknown', { step: 1, thread: 'x' }, 'thread'],
])('refuses a fork with %s', async (_what, body, param) => {
  const response = await gateway.call(`/v1/runs/${id}/fork`, { body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'invalid_value', param } });
});

it("knows nothing of another tenant's run", async () => {
  for (const [path, body] of [[`/v1/runs/${id}/replay`, undefined], [`/v1/runs/${id}/fork`, { step: 0 }], ['/v1/runs/mine/replay', undefined]] as const) {
    const response = await gateway.call(path, { key: 'nx_b_user', body });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'run_not_found' } });
  }
});
