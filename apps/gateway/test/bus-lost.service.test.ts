import { startRedis, type RedisServer } from '@nexus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

let redis: RedisServer;
let gateway: GatewayUnderTest;
beforeEach(async () => {
  redis = await startRedis({ appendonly: false });
  gateway = await startGateway({ url: redis.url, prefix: '' }, { NEXUS_BUS_LOST_MS: '1000' });
});
afterEach(async () => {
  await gateway.stop();
  await redis.stop();
});

const messages = [{ role: 'user', content: 'hi' }];
const complete = (model: string, headers: Record<string, string> = {}): Promise<Response> => gateway.call('/v1/chat/completions', { body: { model, messages }, headers });

describe('without Redis', () => {
  it('a request is refused at once, with 503, and readiness says why nobody should ask', async () => {
    await redis.stop();
    const response = await complete('gpt-4o', { 'idempotency-key': 'k' });
    expect(response.status).toBe(503);
    expect(response.headers.get('x-should-retry')).toBe('true');
    expect((await complete('gpt-4o')).headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({ error: { code: 'bus_unavailable', type: 'server_error' } });
    await expect.poll(async () => (await gateway.call('/health/ready')).status).toBe(503);
    expect((await gateway.call('/health/live')).status).toBe(200);
  });

  it('a request that was waiting is given up with 503, not left hanging', async () => {
    const waiting = complete('slow');
    await expect.poll(() => gateway.router.requests.length).toBe(1);
    await redis.stop();
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });
});
