import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Adapter, type AdapterCount, type AdapterMemory, PaperPlatform, gatewayTransport, memoryOnly, runAdapter } from '../src/index.js';
import { AppError } from '@nexus/core';
import { waitFor } from '@nexus/testing';
import { WebSocketServer, type WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HOME = { chatId: 'home', topicId: '' };

interface Sent {
  readonly type: string;
  readonly id: string;
  readonly request: { readonly text?: string; readonly chatId?: string };
}

/** The gateway's end: what it was sent, and what it says to that. */
class Gateway {
  readonly sent: Sent[] = [];
  readonly authorizations: (string | undefined)[] = [];
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private readonly files = new Map<string, { readonly name: string; readonly body: Buffer }>();
  /** What becomes of a message; by default it is answered at once. */
  onSend: (sent: Sent, gateway: Gateway) => void = (sent) => this.answer(sent);
  /** Status with which upgrades are refused. */
  refuses: number | undefined;

  constructor() {
    this.http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const found = this.files.get(request.url?.split('/').at(-1) ?? '');
        if (request.method === 'POST') {
          const id = '00000000-0000-4000-8000-000000000001';
          this.files.set(id, { name: decodeURIComponent(String(request.headers['x-file-name'])), body: Buffer.concat(chunks) });
          response.writeHead(201).end(JSON.stringify({ uri: `nexus:file/${id}`, media_type: 'text/plain' }));
        } else if (found === undefined) response.writeHead(404).end(JSON.stringify({ error: { code: 'file_not_found', message: 'There is no such file.' } }));
        else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-disposition': `attachment; filename="x"; filename*=UTF-8''${encodeURIComponent(found.name)}` }).end(found.body);
      });
    });
    this.sockets = new WebSocketServer({ noServer: true });
    this.http.on('upgrade', (request, socket, head) => {
      this.authorizations.push(request.headers.authorization);
      if (this.refuses !== undefined) return void socket.end(`HTTP/1.1 ${this.refuses} No\r\ncontent-length: 0\r\n\r\n`);
      this.sockets.handleUpgrade(request, socket, head, (connection) => this.greet(connection));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  say(frame: object): void {
    for (const connection of this.sockets.clients) connection.send(JSON.stringify(frame));
  }

  answer({ id, request }: Sent): void {
    this.say({ type: 'agent_status', message_id: id, run_id: 'r', thread_id: 't', state: 'accepted', queued_behind: 0, id: '1-0' });
    this.say({ type: 'message_chunk', message_id: id, run_id: 'r', id: '1-1', epoch: 1, step: 1, text: 'to ' });
    this.say({ type: 'message_complete', message_id: id, run_id: 'r', answer: { messageId: id, runId: 'r', outcome: 'OUTCOME_ANSWERED', text: `to ${request.text}`, surface: 'paper', chatId: request.chatId, fieldOfLater: 1 } });
  }

  drop(): void {
    for (const connection of this.sockets.clients) connection.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private greet(connection: WebSocket): void {
    connection.on('error', () => undefined);
    connection.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as Sent;
      if (frame.type !== 'send_message') return;
      this.sent.push(frame);
      this.onSend(frame, this);
    });
    connection.send(JSON.stringify({ type: 'welcome', protocol: 1, heartbeat_ms: 15_000, surfaces: ['paper'] }));
    connection.send(JSON.stringify({ type: 'something_of_later', x: 1 }));
    connection.send('no json');
  }
}

describe('over a WebSocket of the gateway', () => {
  let gateway: Gateway;
  let url: string;
  let platform: PaperPlatform;
  let memory: AdapterMemory;
  let counts: Map<AdapterCount, number>;
  let problems: AppError[];
  const adapters: Adapter[] = [];

  beforeEach(async () => {
    gateway = new Gateway();
    url = await gateway.listen();
    platform = new PaperPlatform();
    memory = { ...memoryOnly(), isDurable: true };
    counts = new Map();
    problems = [];
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.stop();
    await gateway.close();
  });

  async function start(): Promise<Adapter> {
    const adapter = await runAdapter({
      surface: platform.surface(), memory, settings: { republishMs: 200 },
      transport: gatewayTransport({ url, token: 'nxs_surface' }),
      observer: { count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1), problem: (_doing, error) => void problems.push(error) },
    });
    adapters.push(adapter);
    return adapter;
  }

  it('logs in with the token in a header, sends, and delivers', async () => {
    const adapter = await start();
    platform.write(HOME, 'hello');
    await waitFor(() => platform.texts(HOME)[0] === 'to hello' && adapter.health().open === 0);
    expect(gateway.authorizations).toEqual(['Bearer nxs_surface']);
    expect(gateway.sent[0]).toMatchObject({ id: 'paper::home::m1', request: { text: 'hello', surface: 'paper', chatId: 'home', progress: 'PROGRESS_PARTS' } });
    expect(adapter.health()).toEqual({ isConnected: true, open: 0, oldestOpenMs: 0 });
  });

  it('connects again when the connection breaks, and sends what has no answer again', async () => {
    const adapter = await start();
    let lost = 0;
    gateway.onSend = (sent) => {
      if (lost++ === 0) gateway.drop();
      else gateway.answer(sent);
    };
    for (const text of ['one', 'two', 'three']) platform.write(HOME, text);
    await waitFor(() => adapter.health().open === 0 && platform.messages(HOME).length === 3, { timeoutMs: 15_000 });
    expect(platform.texts(HOME)).toEqual(['to one', 'to two', 'to three']);
    expect(counts.get('reconnects')).toBe(1);
  }, 20_000);

  it('waits for a gateway that is not there yet', async () => {
    await gateway.close();
    const port = Number(new URL(url).port);
    const adapter = await start();
    platform.write(HOME, 'early');
    expect(adapter.health()).toMatchObject({ isConnected: false });
    gateway = new Gateway();
    await new Promise<void>((resolve) => (gateway as unknown as { http: Server }).http.listen(port, '127.0.0.1', resolve));
    await waitFor(() => platform.texts(HOME)[0] === 'to early', { timeoutMs: 20_000 });
  }, 30_000);

  it('tells a person of a refusal, and tries again what is not the person’s matter', async () => {
    await start();
    let tries = 0;
    gateway.onSend = (sent) => {
      tries++;
      if (sent.request.text === 'forbidden') gateway.say({ type: 'error', message_id: sent.id, error: { code: 'sender_unknown', message: 'Please link first.', status: 403, is_retryable: false, param: null, retry_after_ms: null, request_id: 'x' } });
      else if (tries < 4) gateway.say({ type: 'error', message_id: sent.id, error: { code: tries === 1 ? 'bus_unavailable' : 'overloaded', message: 'later', status: tries === 1 ? 503 : 429, is_retryable: true, param: null, retry_after_ms: 10, request_id: 'x' } });
      else gateway.answer(sent);
    };
    platform.write(HOME, 'patient');
    await waitFor(() => platform.texts(HOME)[0] === 'to patient', { timeoutMs: 15_000 });
    platform.write(HOME, 'forbidden');
    await waitFor(() => platform.texts(HOME)[1] === 'Please link first.');
    expect(counts.get('refusals')).toBe(1);
  }, 20_000);

  it('keeps to what the gateway takes at once, and sends the next when one is answered', async () => {
    const adapter = await start();
    await waitFor(() => adapter.health().isConnected);
    const open = new Set<string>();
    let most = 0;
    gateway.onSend = (sent) => {
      open.add(sent.id);
      most = Math.max(most, open.size);
      setTimeout(() => {
        open.delete(sent.id);
        gateway.answer(sent);
      }, 20);
    };
    const places = Array.from({ length: 150 }, (_, i) => ({ chatId: `chat ${i}`, topicId: '' }));
    for (const place of places) platform.write(place, 'hello');
    await waitFor(() => adapter.health().open === 0 && places.every((place) => platform.texts(place)[0] === 'to hello'), { timeoutMs: 15_000 });
    expect(most).toBeGreaterThan(30);
    expect(most).toBeLessThanOrEqual(60);
    expect(counts.get('failures')).toBeUndefined();
    expect(problems).toEqual([]);
  }, 20_000);

  it('says why the gateway would not have it', async () => {
    gateway.refuses = 401;
    const adapter = await start();
    await waitFor(() => problems.some(({ code, message }) => code === 'gateway_refused' && message.includes('token')));
    expect(adapter.health().isConnected).toBe(false);
    gateway.refuses = undefined;
    await waitFor(() => adapter.health().isConnected, { timeoutMs: 10_000 });
  }, 20_000);

  it('passes files on in both ways', async () => {
    const adapter = await start();
    gateway.onSend = (sent) => gateway.say({ type: 'message_complete', message_id: sent.id, run_id: 'r', answer: { messageId: sent.id, outcome: 'OUTCOME_ANSWERED', text: 'here', surface: 'paper', chatId: 'home', files: (sent.request as { attachments?: unknown }).attachments } });
    platform.write(HOME, 'take', { files: [{ name: 'ä ö.txt', mediaType: 'text/plain', bytes: 3, content: async () => Buffer.from('abc') }] });
    await waitFor(() => adapter.health().open === 0 && platform.messages(HOME).length === 2);
    expect(platform.messages(HOME)[1]?.file).toMatchObject({ name: 'ä ö.txt', mediaType: 'text/plain', content: new Uint8Array(Buffer.from('abc')) });
  });

  it('refuses an address that is none', () => {
    for (const wrong of ['', 'localhost:8080', 'ws://x', 'redis://x']) expect(() => gatewayTransport({ url: wrong, token: 't' }), wrong).toThrow(expect.objectContaining({ code: 'invalid_gateway_url' }));
  });
});
