import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { metricsEndpoint } from './metrics-endpoint.js';
import { Metrics } from './metrics.js';

const TOKEN = 'service-token-of-the-tests';
let server: Server | undefined;
afterEach(() => void server?.close());

async function listen(token?: string): Promise<{ readonly url: string; readonly metrics: Metrics }> {
  const metrics = new Metrics();
  const endpoint = metricsEndpoint({ metrics, token });
  server = createServer((request, response) => void (endpoint(request, response) || response.writeHead(404).end()));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, metrics };
}

/** As a proxy on this machine hands on what came from another. */
const fromElsewhere = { 'x-forwarded-for': '203.0.113.7' };

describe('GET /metrics', () => {
  it('shows what is measured, a name asked for twice as one measure', async () => {
    const { url, metrics } = await listen();
    metrics.gauge('nexus_letters', 'Letters.', ['service']).set({ service: 'a "b"' }, 3);
    for (let i = 0; i < 2; i++) metrics.counter('nexus_lost_total', 'Lost.', ['service']).inc({ service: 'a' });
    const response = await fetch(`${url}/metrics`, { headers: fromElsewhere });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    const text = await response.text();
    expect(text).toContain('# TYPE nexus_letters gauge\nnexus_letters{service="a \\"b\\""} 3');
    expect(text).toContain('nexus_lost_total{service="a"} 2');
  });

  it('leaves other paths and methods to others', async () => {
    const { url } = await listen();
    expect((await fetch(`${url}/metricsx`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${url}/metrics?x=1`)).status).toBe(200);
  });

  it('asks whoever comes from elsewhere for the token, where strangers may come', async () => {
    const { url } = await listen(TOKEN);
    const status = async (headers: Record<string, string>): Promise<number> => (await fetch(`${url}/metrics`, { headers })).status;
    expect(await status({})).toBe(200);
    expect(await status(fromElsewhere)).toBe(401);
    expect(await status({ ...fromElsewhere, authorization: 'Bearer something else' })).toBe(401);
    expect(await status({ ...fromElsewhere, authorization: `Bearer ${TOKEN}` })).toBe(200);
  });
});
