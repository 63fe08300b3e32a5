import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { connect } from 'node:net';
import { Agent, request } from 'node:http';
import { Health, HealthCheckResponse_ServingStatus as Status, ToolService } from '@nexus/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SERVICE_TOKEN, TENANT_A, held, startTestService } from './test-service.js';

const headers = { authorization: `Bearer ${SERVICE_TOKEN}`, 'x-nexus-tenant': TENANT_A, 'x-test': 'hold' };
let service: Awaited<ReturnType<typeof startTestService>>;

beforeEach(async () => {
  held.release = undefined;
  service = await startTestService();
});
afterEach(() => service.stop(0));

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

function holdOverHttp1(agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${service.url}/nexus.tool.v1.ToolService/ListTools`, { method: 'POST', agent, headers: { ...headers, 'content-type': 'application/json' } }, (response) => {
      response.resume().once('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    call.once('error', reject).end('{}');
  });
}

const refusesConnections = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    socket.once('close', () => resolve(true));
  });

describe('stop', () => {
  it('lets an HTTP/1.1 request finish and asks its connection to leave', async () => {
    const agent = new Agent({ keepAlive: true });
    const answer = holdOverHttp1(agent);
    await expect.poll(() => held.release).toBeDefined();
    const stopped = service.stop(5_000);
    await expect.poll(refusesConnections).toBe(true);
    held.release?.();
    expect(await answer).toEqual({ status: 200, connection: 'close' });
    await stopped;
    agent.destroy();
  });

  it('lets a gRPC call finish', async () => {
    const client = createClient(ToolService, createGrpcTransport({ baseUrl: service.url }));
    const answer = client.listTools({}, { headers });
    await expect.poll(() => held.release).toBeDefined();
    const stopped = service.stop(5_000);
    await expect.poll(refusesConnections).toBe(true);
    held.release?.();
    expect((await answer).tools).toHaveLength(1);
    await stopped;
  });

  it('cuts what does not finish in time', async () => {
    const agent = new Agent({ keepAlive: true });
    const answer = holdOverHttp1(agent).catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(() => held.release).toBeDefined();
    const began = performance.now();
    await service.stop(200);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await answer).toBe('ECONNRESET');
    agent.destroy();
  });

  it('does not wait for idle connections of either protocol', async () => {
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      request(`${service.url}/health/live`, { agent }, (response) => response.resume().once('end', resolve)).once('error', reject).end();
    });
    const silent = connect(Number(new URL(service.url).port), '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    await createClient(ToolService, createGrpcTransport({ baseUrl: service.url })).listTools({}, { headers: { ...headers, 'x-test': '' } });
    const began = performance.now();
    await service.stop(10_000);
    expect(performance.now() - began).toBeLessThan(2_000);
    agent.destroy();
  });

  it('still serves new and idle connections while load balancers take notice, and asks them to leave', async () => {
    const agent = new Agent({ keepAlive: true });
    const ask = (): Promise<Answer> =>
      new Promise((resolve, reject) => {
        request(`${service.url}/health/ready`, { agent }, (response) => {
          response.resume().once('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
        }).once('error', reject).end();
      });
    expect(await ask()).toEqual({ status: 200, connection: 'keep-alive' });
    const client = createClient(ToolService, createGrpcTransport({ baseUrl: service.url }));
    await client.listTools({}, { headers: { ...headers, 'x-test': '' } });
    const stopped = service.stop(60_000, 1_500);
    for (let i = 0; i < 2; i++) expect(await ask()).toEqual({ status: 503, connection: 'close' });
    expect((await client.listTools({}, { headers: { ...headers, 'x-test': '' } })).tools).toHaveLength(1);
    await stopped;
    expect(await refusesConnections()).toBe(true);
    agent.destroy();
  });

  it('tells those who watch its health, and does not wait for them', async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: service.url }));
    const seen: Status[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({})) seen.push(status);
    })();
    await expect.poll(() => seen).toEqual([Status.SERVING]);
    const began = performance.now();
    await Promise.all([service.stop(30_000), watching]);
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('can be asked for twice', async () => {
    await Promise.all([service.stop(), service.stop()]);
  });
});
