import { createServer as createHttp1Server, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeHandler } from '../rpc/rpc-server.js';
import { IdleSockets } from './idle-sockets.js';
import { stampRequestId } from './request-id.js';

/** Sees HTTP/1 requests first. Answers true when it takes the request; the request id is settled by then. */
export type RawHttpHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Takes over the connection of an HTTP/1 request that wants a WebSocket; the request id is settled by then. Other upgrades (h2c) are passed over: the request is answered as if it had not asked. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface PortServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** HTTP/1.1 requests. */
  readonly http1: NodeHandler;
  /** HTTP/2 requests (cleartext with prior knowledge, as gRPC speaks it). */
  readonly http2: NodeHandler;
  readonly raw?: RawHttpHandler | undefined;
  readonly upgrade?: UpgradeHandler | undefined;
}

/** First bytes of an HTTP/2 connection (RFC 9113, 3.4); no HTTP/1 method begins like it. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0');
const FIRST_BYTES_WITHIN_MS = 30_000;
/** Longer than the idle time of usual load balancers (60 s), so that it is never we who close first. */
const KEEP_ALIVE_MS = 75_000;
const SWEEP_MS = 100;

/** One port for HTTP/1.1 and HTTP/2 in cleartext: it looks at the first bytes of each connection and hands it to the right server. */
export class PortServer {
  private readonly sockets = new Set<Socket>();
  private readonly http2Sockets = new WeakSet<Socket>();
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly responses = new Set<ServerResponse>();
  private readonly net = createNetServer({ noDelay: true, pauseOnConnect: false }, (socket) => this.accept(socket));
  private readonly http1: Server;
  private readonly http2: Http2Server;
  /** Clients are asked to go elsewhere. */
  private isLeaving = false;
  /** Nobody new is let in. */
  private isClosing = false;

  private constructor(private readonly options: PortServerOptions) {
    this.http1 = createHttp1Server({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 30_000, requestTimeout: 120_000, shouldUpgradeCallback: (request) => this.options.upgrade !== undefined && wantsWebSocket(request) }, (request, response) => this.onHttp1(request, response));
    this.http1.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.onUpgrade(request, socket, head));
    this.http2 = createHttp2Server({ settings: { initialWindowSize: 1_048_576, maxConcurrentStreams: 4_096 } }, (request, response) => {
      stampRequestId(request, response);
      options.http2(request, response);
    });
    this.http2.on('session', (session) => this.onSession(session));
    // A connection that breaks is its client's concern; without listeners it would end the process.
    this.http2.on('sessionError', () => undefined);
    this.http1.on('clientError', (_error, socket) => refuseBadRequest(socket));
  }

  /** Resolves when connections are accepted; rejects when the address is taken. */
  static listen(options: PortServerOptions): Promise<PortServer> {
    const server = new PortServer(options);
    return new Promise((resolve, reject) => {
      server.net.once('error', reject);
      server.net.listen(options.port, options.host, () => {
        server.net.off('error', reject);
        // Node checks header and request timeouts from this event on; the HTTP/1 server itself never listens.
        server.http1.emit('listening');
        resolve(server);
      });
    });
  }

  /** `http://host:port` */
  get url(): string {
    const { host } = this.options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${(this.net.address() as AddressInfo).port}`;
  }

  /**
   * From now on every HTTP/1 answer asks its client to leave (`Connection: close`). After `noticeMs`, in which everything is still
   * served, it stops accepting, sends GOAWAY over HTTP/2, and closes connections that nothing was heard on for half a second: whoever was
   * just answered may be sending its next request. What is under way may finish until `graceMs` from now, then what is left is cut.
   * Resolves when no connection is open.
   */
  async close(graceMs: number, noticeMs = 0): Promise<void> {
    this.isLeaving = true;
    for (const response of this.responses) askToLeave(response);
    const cut = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, graceMs);
    const idle = new IdleSockets(() => [...this.responses].map((response) => response.socket));
    const sweep = setInterval(() => {
      for (const socket of idle.of(this.sockets)) if (this.isClosing && !this.http2Sockets.has(socket)) socket.destroy();
    }, SWEEP_MS);
    if (noticeMs > 0) await delay(noticeMs);
    await this.shut();
    clearInterval(sweep);
    clearTimeout(cut);
    this.http1.close();
  }

  private shut(): Promise<void> {
    this.isClosing = true;
    const closed = new Promise<void>((resolve) => this.net.close(() => resolve()));
    for (const session of this.sessions) session.close();
    return closed;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(FIRST_BYTES_WITHIN_MS, () => socket.destroy());
    socket.once('readable', () => this.route(socket));
  }

  private route(socket: Socket): void {
    const first = socket.read() as Buffer | null;
    if (first === null) return;
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const isHttp2 = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    if (isHttp2) this.http2Sockets.add(socket);
    socket.unshift(first);
    (isHttp2 ? this.http2 : this.http1).emit('connection', socket);
  }

  private onHttp1(request: IncomingMessage, response: ServerResponse): void {
    stampRequestId(request, response);
    this.responses.add(response);
    response.once('close', () => this.responses.delete(response));
    if (this.isLeaving) askToLeave(response);
    if (this.options.raw?.(request, response) === true) return;
    this.options.http1(request, response);
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    stampRequestId(request, { setHeader: () => undefined }); // whoever takes it says it in its own answer
    this.options.upgrade?.(request, socket, head);
  }

  private onSession(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.once('close', () => this.sessions.delete(session));
    session.setLocalWindowSize(4 * 1_048_576);
    if (this.isClosing) session.close();
  }
}

function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.trim().toLowerCase() === 'websocket';
}

function askToLeave(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

function refuseBadRequest(socket: Duplex): void {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  else socket.destroy();
}
