import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Status, ToolService } from '@nexus/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICE_TOKEN, TENANT_A, startTestService } from './test-service.js';

const run = promisify(execFile);
let service: Awaited<ReturnType<typeof startTestService>>;
const headers = { authorization: `Bearer ${SERVICE_TOKEN}`, 'x-nexus-tenant': TENANT_A };

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

describe('one port', () => {
  const transports: Record<string, () => Transport> = {
    'gRPC over h2c': () => createGrpcTransport({ baseUrl: service.url }),
    'gRPC-Web over HTTP/1.1': () => createGrpcWebTransport({ baseUrl: service.url, httpVersion: '1.1' }),
    'gRPC-Web over h2c': () => createGrpcWebTransport({ baseUrl: service.url, httpVersion: '2' }),
    'Connect binary over HTTP/1.1': () => createConnectTransport({ baseUrl: service.url, httpVersion: '1.1', useBinaryFormat: true }),
    'Connect JSON over h2c': () => createConnectTransport({ baseUrl: service.url, httpVersion: '2', useBinaryFormat: false }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    it(`speaks ${name}`, async () => {
      const { tools } = await createClient(ToolService, transport()).listTools({}, { headers });
      expect(tools.map((tool) => tool.definition?.name)).toEqual(['math_solver']);
    });
  }

  it('speaks Connect JSON to a plain POST', async () => {
    const response = await fetch(`${service.url}/nexus.tool.v1.ToolService/ListTools`, {
      method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ tools: [{ definition: { name: 'math_solver' } }] });
  });

  it('is understood by buf curl: lists methods by reflection and calls one', async () => {
    const buf = (args: string[]) => run('npx', ['buf', 'curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args]);
    const listed = await buf(['--list-methods', service.url]);
    expect(listed.stdout).toContain('nexus.tool.v1.ToolService/ListTools');
    expect(listed.stdout).toContain('grpc.health.v1.Health/Check');
    const called = await buf(['-H', `authorization: Bearer ${SERVICE_TOKEN}`, '-H', `x-nexus-tenant: ${TENANT_A}`, '-d', '{}', `${service.url}/nexus.tool.v1.ToolService/ListTools`]);
    expect(JSON.parse(called.stdout)).toEqual({ tools: [{ definition: { name: 'math_solver' } }] });
  });

  it('takes a connection whose first bytes come one at a time', async () => {
    const { connect } = await import('node:net');
    const { port } = new URL(service.url);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), '127.0.0.1', () => {
        const bytes = [...'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'];
        const next = (): void => {
          const byte = bytes.shift();
          if (byte === undefined) return;
          socket.write(byte);
          setImmediate(next);
        };
        next();
      });
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });

  it('answers 404 with a request id where there is nothing', async () => {
    const response = await fetch(`${service.url}/nothing/here`, { headers: { 'x-request-id': 'mine-1' } });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-request-id')).toBe('mine-1');
  });

  it('refuses what is not HTTP, and answers the next request', async () => {
    const { connect } = await import('node:net');
    const { port } = new URL(service.url);
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0001\u0002 garbage\r\n\r\n'));
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  });
});

describe('health', () => {
  it('is SERVING without a key, over gRPC and as plain HTTP', async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: service.url }));
    expect((await health.check({})).status).toBe(Status.SERVING);
    expect((await health.check({ service: 'nexus.tool.v1.ToolService' })).status).toBe(Status.SERVING);
    await expect(health.check({ service: 'no.such.Service' })).rejects.toMatchObject({ rawMessage: 'This server has no such service.' });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    expect(await (await fetch(`${service.url}/health/live`)).json()).toEqual({ status: 'ok' });
  });

  it('streams the status to those who watch', async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: service.url }));
    for await (const { status } of health.watch({})) {
      expect(status).toBe(Status.SERVING);
      break;
    }
    for await (const { status } of health.watch({ service: 'no.such.Service' })) {
      expect(status).toBe(Status.SERVICE_UNKNOWN);
      break;
    }
  });

  it('answers HEAD, and leaves other methods alone', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${service.url}/health/live`, { method: 'HEAD' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject).end();
    });
    expect(status).toBe(200);
    expect((await fetch(`${service.url}/health/live`, { method: 'POST' })).status).toBe(404);
  });
});
