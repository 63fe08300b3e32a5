import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { KeyKind, KeySchema } from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { Metrics, createLogger, hashOf, type ResolvedKey } from '@nexus/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SocketTickets } from '../../handlers/socket-tickets.js';
import { socketLimits, type SocketLimits } from './socket-limits.js';
import { SocketMetrics } from './socket-metrics.js';
import { SocketServer, type SocketServerParts } from './socket-server.js';

const SECRET = 'nx_test';
const known: ResolvedKey = { tenantId: 'tenant', key: create(KeySchema, { id: 'key', kind: KeyKind.API }) };
const hash = hashOf(SECRET).toString('hex');
let server: Server | undefined;
let stopping = new AbortController();
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  stopping = new AbortController();
});

/** A server of WebSockets alone, whose clients can log in and ask nothing. */
async function listen(limits: Partial<SocketLimits>, more: Partial<SocketServerParts> = {}): Promise<string> {
  const nobody = { kind: 'nobody' } as unknown as SocketServerParts['streams'] & SocketServerParts['agentCalls'] & SocketServerParts['admission'] & SocketServerParts['clients'] & SocketServerParts['tracer'];
  const sockets = new SocketServer({
    agentCalls: nobody, streams: nobody, admission: nobody, clients: nobody, tracer: nobody,
    keys: { resolve: (secret) => Promise.resolve(secret === SECRET ? known : undefined), resolveHash: (given) => Promise.resolve(given === hash ? known : undefined) },
    tickets: new SocketTickets('service-token-of-the-tests', systemClock),
    logger: createLogger({ level: 'silent' }), metrics: new SocketMetrics(new Metrics()), origins: [], mostSockets: 2, stopping: stopping.signal,
    limits: { ...socketLimits, ...limits },
    ...more,
  });
  const listening = createServer();
  server = listening;
  listening.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(listening.address() as AddressInfo).port}/ws`;
}

interface Client {
  readonly socket: WebSocket;
  readonly texts: string[];
  code: number | undefined;
}

function dial(url: string, options: { key?: string; autoPong?: boolean } = {}): Client {
  const socket = new WebSocket(url, { autoPong: options.autoPong ?? true, ...(options.key !== undefined && { headers: { authorization: `Bearer ${options.key}` } }) });
  const client: Client = { socket, texts: [], code: undefined };
  socket.on('message', (data: Buffer) => client.texts.push(data.toString('utf8')));
  socket.on('close', (code) => (client.code = code));
  socket.on('error', () => undefined);
  return client;
}

describe('SocketServer', () => {
  it('closes a connection that does not log in in time', async () => {
    const client = dial(await listen({ loginWithinMs: 50 }));
    await expect.poll(() => client.code).toBe(4401);
  });

  it('keeps one that has logged in, and cuts one of which nothing is heard for two heartbeats', async () => {
    const url = await listen({ heartbeatMs: 30, loginWithinMs: 50 });
    const [alive, silent] = [dial(url, { key: SECRET }), dial(url, { key: SECRET, autoPong: false })];
    await expect.poll(() => silent.code).toBe(1006);
    expect(silent.texts.filter((text) => text === '{"type":"ping"}')).toHaveLength(2);
    const before = alive.texts.length;
    await expect.poll(() => alive.texts.length).toBeGreaterThan(before + 3);
    expect(alive.code).toBeUndefined();
  });

  it('has room for so many', async () => {
    const url = await listen({});
    const [one, two] = [dial(url, { key: SECRET }), dial(url, { key: SECRET })];
    await expect.poll(() => [one.texts.length, two.texts.length]).toEqual([1, 1]);
    const status = await new Promise((resolve) => new WebSocket(url).on('error', () => undefined).on('unexpected-response', (_request, response) => resolve(response.statusCode)));
    expect(status).toBe(503);
    one.socket.terminate();
    await expect.poll(() => {
      const again = dial(url, { key: SECRET });
      return new Promise((resolve) => again.socket.on('open', () => resolve('open')).on('close', () => resolve('closed')));
    }).toBe('open');
  });

  it('answers 404 at what is no path at all: that is no fault of ours to be logged', async () => {
    const { port } = new URL(await listen({}));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  it('reads no more frames than it can take, and takes them all in the end', async () => {
    const client = dial(await listen({ mostWaiting: 4 }), { key: SECRET });
    await expect.poll(() => client.texts).toHaveLength(1);
    for (let i = 0; i < 100; i++) client.socket.send(JSON.stringify({ type: 'login', ticket: `${i}` }));
    await expect.poll(() => client.texts.filter((text) => text.includes('invalid_frame'))).toHaveLength(100);
  });

  it('sends everybody on when the replica stops', async () => {
    const client = dial(await listen({}), { key: SECRET });
    await expect.poll(() => client.texts).toHaveLength(1);
    stopping.abort();
    await expect.poll(() => client.code).toBe(1012);
  });
});
