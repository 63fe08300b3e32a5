import { connect as connectHttp2 } from 'node:http2';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { PortServer, type PortServerOptions } from './port-server.js';

let server: PortServer | undefined;
afterEach(() => server?.close(0));

async function listen(options: Partial<PortServerOptions> = {}): Promise<PortServer> {
  server = await PortServer.listen({
    host: '127.0.0.1',
    port: 0,
    http1: (_request, response) => void response.end('http1'),
    http2: (_request, response) => void response.end('http2'),
    ...options,
  });
  return server;
}

function getOverHttp2(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url);
    session.on('error', reject);
    let body = '';
    const stream = session.request({ ':path': '/' });
    stream.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      session.close();
      resolve(body);
    });
    stream.end();
  });
}

describe('PortServer', () => {
  it('hands each connection to the server that speaks its protocol', async () => {
    const { url } = await listen();
    expect(await Promise.all([fetch(url).then((response) => response.text()), getOverHttp2(url)])).toEqual(['http1', 'http2']);
  });

  it('asks the raw handler first, which may leave a request to the others', async () => {
    const { url } = await listen({
      raw: (request, response) => {
        if (request.url !== '/hot') return false;
        response.end(`raw ${String(request.headers['x-request-id']).length}`);
        return true;
      },
    });
    expect(await (await fetch(`${url}/hot`)).text()).toBe('raw 36');
    expect(await (await fetch(`${url}/cold`)).text()).toBe('http1');
  });

  it('gives WebSockets to whoever takes them', async () => {
    const { url } = await listen({ upgrade: (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n') });
    const status = await new Promise((resolve, reject) => {
      httpRequest(url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } })
        .once('upgrade', (response, socket) => {
          socket.destroy();
          resolve(response.statusCode);
        })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(101);
  });

  it('answers a request that would like HTTP/2 as any other', async () => {
    const { url } = await listen({ upgrade: (_request, socket) => void socket.destroy() });
    const body = await new Promise((resolve, reject) => {
      httpRequest(url, { headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' } }, (response) => response.once('data', (chunk: Buffer) => resolve(chunk.toString())))
        .once('error', reject)
        .end();
    });
    expect(body).toBe('http1');
  });

  it('says that its port is taken', async () => {
    const { url } = await listen();
    await expect(PortServer.listen({ host: '127.0.0.1', port: Number(new URL(url).port), http1: () => undefined, http2: () => undefined })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes HTTP/2 connections that have nothing under way', async () => {
    const { url } = await listen();
    const session = connectHttp2(url);
    const closed = new Promise<void>((resolve) => session.once('close', resolve));
    await new Promise((resolve) => session.once('connect', resolve));
    await expect.poll(() => session.remoteSettings.initialWindowSize).toBe(1_048_576);
    await server?.close(10_000);
    await closed;
  });
});
