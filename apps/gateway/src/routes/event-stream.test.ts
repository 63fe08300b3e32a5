import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventStream } from './event-stream.js';

let server: Server;
let serve: (response: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((_request: IncomingMessage, response: ServerResponse) => serve(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Asks, and reads nothing of the answer. */
function askWithoutReading(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n', () => resolve(socket));
    });
    socket.on('error', () => undefined);
  });
}

const LARGE = Buffer.alloc(1_000_000, 'x');

describe('EventStream', () => {
  it('writes events as they come and ends after the last', async () => {
    serve = (response) => {
      const stream = new EventStream(response, () => undefined);
      stream.write('data: 1\n\n');
      stream.end('data: [DONE]\n\n');
      stream.write('data: too late\n\n');
    };
    const response = await fetch(url());
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await response.text()).toBe('data: 1\n\ndata: [DONE]\n\n');
  });

  it('lets a reader know that it is served before there is anything to read', async () => {
    let stream: EventStream | undefined;
    serve = (response) => {
      stream = new EventStream(response, () => undefined);
      stream.begin();
    };
    const response = await fetch(url());
    expect(response.status).toBe(200);
    stream?.end('');
  });

  it('tells once that the reader has left', async () => {
    let gone = 0;
    serve = (response) => new EventStream(response, () => void gone++).write('data: 1\n\n');
    const abort = new AbortController();
    await fetch(url(), { signal: abort.signal });
    abort.abort();
    await expect.poll(() => gone).toBe(1);
  });

  it('cuts a reader that takes nothing, after a while', async () => {
    let gone = 0;
    serve = (response) => {
      const stream = new EventStream(response, () => void gone++, { softBytes: 1_000_000, patienceMs: 50, hardBytes: 100_000_000 });
      for (let i = 0; i < 20; i++) stream.write(LARGE);
    };
    const socket = await askWithoutReading();
    await expect.poll(() => gone).toBe(1);
    socket.destroy();
  });

  it('cuts at once where there is too much', async () => {
    let gone = 0;
    serve = (response) => {
      const stream = new EventStream(response, () => void gone++, { softBytes: 1_000_000, patienceMs: 60_000, hardBytes: 10_000_000 });
      for (let i = 0; i < 20; i++) stream.write(LARGE);
    };
    const socket = await askWithoutReading();
    await expect.poll(() => gone).toBe(1);
    socket.destroy();
  });

  it('serves a reader that keeps up, however much comes at once', async () => {
    let gone = 0;
    serve = (response) => {
      const stream = new EventStream(response, () => void gone++, { softBytes: 1_000_000, patienceMs: 500, hardBytes: 100_000_000 });
      for (let i = 0; i < 20; i++) stream.write(LARGE);
      stream.end('');
    };
    expect((await (await fetch(url())).arrayBuffer()).byteLength).toBe(20_000_000);
    expect(gone).toBe(0);
  });
});
