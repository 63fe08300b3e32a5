import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

describe('GET /ledger', () => {
  it("gives the caller's rows in pages, with what was asked for", async () => {
    const response = await gateway.call('/ledger?client=acme&limit=5');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      object: 'list', has_more: true, next: '2026-11-20.7',
      data: [{ attempt_id: 'attempt-1', correction: 1, provider: 'openai', cost_micro_usd: 700, client: 'acme', user: TENANT_A, step: 5, tool: null }],
    });
    expect(await (await gateway.call('/ledger?after=2026-11-20.7')).json()).toMatchObject({ has_more: false, next: null });
  });

  it('gives a batch of CloudEvents, and the next page in the header link', async () => {
    const response = await gateway.call('/ledger?format=cloudevents&client=acme%20corp');
    expect(response.headers.get('content-type')).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(response.headers.get('link')).toBe('</ledger?client=acme+corp&limit=100&after=2026-11-20.7&format=cloudevents>; rel="next"');
    expect(await response.json()).toMatchObject([{ specversion: '1.0', id: 'attempt-1.1', type: 'nexus.usage.recorded.v1', source: '/nexus/usage/ledger', data: { client: 'acme corp' } }]);
    expect((await gateway.call('/ledger?format=cloudevents&after=x')).headers.get('link')).toBeNull();
  });

  it.each(['limit=0', 'limit=1001', 'from=yesterday', 'run_id=mine', 'format=csv', 'tenant=other'])('refuses %s by its name', async (query) => {
    const response = await gateway.call(`/ledger?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: query.split('=')[0], type: 'invalid_request_error' } });
  });

  it('needs a key', async () => {
    expect((await gateway.call('/ledger', { key: 'nx_unknown' })).status).toBe(401);
  });
});

it('GET /ledger/stats sums by what is named', async () => {
  expect(await (await gateway.call('/ledger/stats?by=day,client&client=acme')).json()).toMatchObject({
    object: 'usage_stats', data: [{ day: '1970-01-01', client: 'acme', attempts: 3, failed: 1, cost_micro_usd: 700, tokens: { input: 80, output: 0 } }], total: { attempts: 3, cost_micro_usd: 700 },
  });
  const refused = await gateway.call('/ledger/stats?by=day,colour');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: 'invalid_value', param: expect.stringMatching(/^by/) as string, message: expect.stringContaining('provider') as string } });
});

it('GET /status tells what is used, what is left and which providers are ready', async () => {
  expect(await (await gateway.call('/status')).json()).toEqual({
    object: 'status',
    today: { attempts: 0, failed: 0, cost_micro_usd: 0 },
    month: { attempts: 3, failed: 1, cost_micro_usd: 700 },
    budgets: [{ name: 'month', period: 'month', scope: 'client', subject: 'acme', level: 'hard', limit_micro_usd: 1_000, spent_micro_usd: 700, reserved_micro_usd: 400, left_micro_usd: 0, resets_at_ms: 1_764_547_200_000, reached_at_ms: null }],
    runs: { plan: 'team', runs_per_month: 5_000, used: 12, resets_at_ms: 1_764_547_200_000 },
    providers: [{ name: 'demo', enabled: true, ready: true, models: 1 }, { name: 'openai', enabled: false, ready: false, models: 0 }],
  });
});
