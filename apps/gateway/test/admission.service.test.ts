import { redisTest } from '@nexus/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeRouter } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
const leaving = new Set<AbortController>();
afterEach(async () => {
  for (const controller of leaving) controller.abort();
  leaving.clear();
  await gateway.stop();
});

const completion = { model: 'bench/fake', messages: [{ role: 'user', content: 'hi' }] };

/** A completion that nobody answers, until it is left. */
function waitInVain(): AbortController {
  const controller = new AbortController();
  leaving.add(controller);
  gateway.call('/v1/chat/completions', { body: completion, signal: controller.signal }).catch(() => undefined);
  return controller;
}

async function statusOf(path: string, body?: unknown): Promise<number> {
  const controller = new AbortController();
  leaving.add(controller);
  const answer = gateway.call(path, { body, signal: controller.signal }).then(({ status }) => status, () => 0);
  const late = new Promise<number>((resolve) => setTimeout(() => resolve(0), 500).unref());
  const status = await Promise.race([answer, late]);
  controller.abort();
  return status;
}

describe('a queue that is not worked off', () => {
  it('makes the gateway refuse what would wait longer than its limit, at once and with the time to come back, until there is room again', async () => {
    gateway = await startGateway(redis, { NEXUS_MAX_QUEUE_MS: '300' });
    const thread = ((await (await gateway.call('/v1/threads', { body: {} })).json()) as { id: string }).id;
    await gateway.router.stop();
    waitInVain();
    await expect.poll(() => statusOf('/v1/chat/completions', completion), { timeout: 5_000 }).toBe(429);
    const began = performance.now();
    const refusal = await gateway.call('/v1/chat/completions', { body: completion });
    expect(performance.now() - began).toBeLessThan(250);
    expect(await refusal.json()).toMatchObject({ error: { code: 'overloaded', type: 'rate_limit_error' } });
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refusal.headers.get('x-should-retry')).toBe('true');
    for (const [path, body] of [['/v1/chat/completions', { ...completion, model: 'agent/default' }], [`/v1/threads/${thread}/runs`, { content: 'hi' }]] as const) {
      expect(await statusOf(path, body)).toBe(429);
    }
    const rpc = await gateway.call('/nexus.run.v1.AgentService/QueryAgent', { body: { userQuery: 'hi' } });
    expect([rpc.status, await rpc.json()]).toMatchObject([429, { code: 'resource_exhausted' }]);
    expect(await statusOf('/v1/models')).toBe(200);

    const router = startFakeRouter(gateway.bus);
    await expect.poll(() => statusOf('/v1/chat/completions', completion), { timeout: 5_000 }).toBe(200);
    await router.stop();
  });

  it('is none of the concern of one who asks before it is known', async () => {
    gateway = await startGateway(redis, { NEXUS_MAX_QUEUE_MS: '10' });
    expect(await statusOf('/v1/chat/completions', completion)).toBe(200);
  });
});

describe('requests that wait', () => {
  it('are so many at most, and make room when they leave', async () => {
    gateway = await startGateway(redis, { NEXUS_MAX_IN_FLIGHT: '2', NEXUS_MAX_QUEUE_MS: '600000' });
    await gateway.router.stop();
    const [first] = [waitInVain(), waitInVain()];
    await expect.poll(() => statusOf('/v1/chat/completions', completion)).toBe(429);
    expect(await statusOf('/v1/models')).toBe(200);
    first.abort();
    await expect.poll(() => statusOf('/v1/chat/completions', completion)).toBe(0);
  });
});
