import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics } from '@nexus/runtime';
import { afterEach, expect, it } from 'vitest';
import { RequestMetrics } from './request-metrics.js';

let server: Server | undefined;
afterEach(() => void server?.close());

async function listen(route: (request: IncomingMessage) => string | undefined, status = 200): Promise<{ readonly url: string; readonly counted: () => Promise<string[]> }> {
  const metrics = new Metrics();
  const requests = new RequestMetrics(metrics);
  server = createServer((request, response) => {
    requests.watch(request, response, route(request));
    if (request.url === '/hang') return;
    if (request.url?.startsWith('/things/')) Object.assign(request, { route: { path: '/things/:id' } }); // as express does
    response.writeHead(status).end('x');
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counted: async () => (await metrics.text()).split('\n').filter((line) => line.startsWith('http_server_request_duration_seconds_count')),
  };
}

const line = (method: string, route: string, status: number) => `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="${route}",http_response_status_code="${status}"} 1`;

it('counts requests by the route that took them, never by what stands in their paths', async () => {
  const { url, counted } = await listen((request) => (request.url === '/v1/models' ? '/v1/models' : undefined), 404);
  for (const path of ['/v1/models', '/things/17', '/nowhere/at/all']) await (await fetch(`${url}${path}`)).text();
  await expect.poll(counted).toEqual([line('GET', '/v1/models', 404), line('GET', '/things/:id', 404), line('GET', 'other', 404)]);
});

it('counts a client that left before its answer as 499', async () => {
  const { url, counted } = await listen(() => '/hang');
  const request = get(`${url}/hang`).on('error', () => undefined);
  await new Promise((resolve) => server?.once('request', resolve));
  request.destroy();
  await expect.poll(counted).toEqual([line('GET', '/hang', 499)]);
});
