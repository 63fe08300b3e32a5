import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBody } from './read-body.js';
import { writeError, writeJson } from './write-error.js';

const LIMIT = 1_000;
let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((request, response) => {
    readBody(request, LIMIT).then((body) => writeJson(response, 200, { bytes: body.length, text: body.toString('utf8', 0, 20) }), (error: unknown) => writeError(request, response, error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const send = (body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> => fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, headers });
const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { error: { code: string } }).error.code;

describe('readBody', () => {
  it('reads a body of any length up to its limit', async () => {
    expect(await (await send('')).json()).toMatchObject({ bytes: 0 });
    expect(await (await send('x'.repeat(LIMIT))).json()).toMatchObject({ bytes: LIMIT });
  });

  it('refuses more than its limit, and lets the sender read why', async () => {
    const response = await send('x'.repeat(LIMIT + 1));
    expect(response.status).toBe(413);
    expect(await codeOf(response)).toBe('body_too_large');
    expect((await send(Buffer.alloc(5_000_000))).status).toBe(413);
  });

  it('counts a body that does not say its length', async () => {
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i++) controller.enqueue(Buffer.alloc(400, 'x'));
        controller.close();
      },
    });
    const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: stream, duplex: 'half' });
    expect(response.status).toBe(413);
  });

  it.each([['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]] as const)('reads %s', async (encoding, compress) => {
    expect(await (await send(compress('hello '.repeat(100)), { 'content-encoding': encoding })).json()).toMatchObject({ bytes: 600 });
  });

  it.each([['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]] as const)('counts what %s becomes, not what it is', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(5_000_000));
    if (bomb.length <= LIMIT) expect((await send(bomb, { 'content-encoding': encoding })).status).toBe(413);
    expect((await send(compress(Buffer.alloc(LIMIT + 1)), { 'content-encoding': encoding })).status).toBe(413);
  });

  it('refuses encodings that it does not know, and bytes that are not what they say', async () => {
    expect((await send('x', { 'content-encoding': 'zstd' })).status).toBe(415);
    expect((await send('x', { 'content-encoding': 'gzip, br' })).status).toBe(415);
    expect(await codeOf(await send('not gzip', { 'content-encoding': 'gzip' }))).toBe('invalid_encoding');
  });

  it('survives a sender that leaves in the midst of its body', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
        socket.on('close', () => resolve());
        socket.resume();
      });
    });
    expect((await send('still here')).status).toBe(200);
  });
});
