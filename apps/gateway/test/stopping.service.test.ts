import { deterministicId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { startFakeRouter } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway(redis);
});
afterEach(() => gateway.stop());

const ask = (model: string, more: object = {}): Promise<Response> => gateway.call('/v1/chat/completions', { body: { model, messages: [{ role: 'user', content: 'hi' }], ...more } });

async function heldRun(): Promise<string> {
  gateway.orchestrator.isHolding = true;
  const thread = ((await (await gateway.call('/v1/threads', { body: {} })).json()) as { id: string }).id;
  return ((await (await gateway.call(`/v1/threads/${thread}/runs`, { body: { content: 'think hard' } })).json()) as { id: string }).id;
}

it('sends the readers of runs on at once, and begins no stream that another replica would have to end', async () => {
  const run = await heldRun();
  const response = await gateway.call(`/v1/runs/${run}/stream`);
  const text = response.text();
  const began = performance.now();
  const ended = gateway.end(30_000, 1_000);
  expect(await text).toMatch(/event: accepted[\s\S]*\n\nretry: 500\n\n$/);
  expect(performance.now() - began).toBeLessThan(900);
  const late = await gateway.call(`/v1/runs/${run}/stream`);
  expect(await late.text()).toMatch(/\nretry: 500\n\n$/);
  expect(late.headers.get('connection')).toBe('close');
  await ended;
});

it('finishes the completions that are under way', async () => {
  await gateway.router.stop();
  const answers = Promise.all([ask('bench/fake'), ask('bench/fake', { stream: true })]);
  await expect.poll(() => gateway.bus.queueAge('inference.request')).toBeGreaterThan(0);
  const ended = gateway.end(30_000);
  const router = startFakeRouter(gateway.bus);
  const [whole, stream] = await answers;
  expect([whole.status, stream.status]).toEqual([200, 200]);
  expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/);
  await ended;
  await router.stop();
});

it('says so to those whom it could not answer within the grace, and has calls stopped whose answer nobody can ask for', async () => {
  const [stream, keyed] = await Promise.all([ask('slow', { stream: true }), gateway.call('/v1/chat/completions', { body: { model: 'slow', stream: true, messages: [{ role: 'user', content: 'hi' }] }, headers: { 'idempotency-key': 'later' } })]);
  const whole = ask('slow');
  await expect.poll(() => gateway.router.requests).toHaveLength(3);
  await gateway.end(1_000);
  expect((await whole).status).toBe(503);
  expect(await (await whole).json()).toMatchObject({ error: { code: 'stopping' } });
  expect(await stream.text()).toMatch(/"code":"stopping"/);
  expect(await keyed.text()).toMatch(/"code":"stopping"/);
  const keyedAttempt = deterministicId(TENANT_A, 'completion', 'later');
  expect(gateway.router.requests.map(({ payload }) => payload.attemptId)).toContain(keyedAttempt);
  await expect.poll(() => gateway.router.cancelled).toHaveLength(2);
  expect(gateway.router.cancelled).not.toContain(keyedAttempt);
});
