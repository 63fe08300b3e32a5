import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '@nexus/core';
import { REQUEST_ID_HEADER, hashOf, type Logger } from '@nexus/runtime';
import { WebSocketServer, type WebSocket } from 'ws';
import { toOpenAiError } from '../../domain/openai-error.js';
import { methodsOf } from '../../domain/route-methods.js';
import { logFailure } from '../log-failure.js';
import { secretOf, unknownKey } from '../request-secret.js';
import { SocketPeer, type SocketPeerParts } from './socket-peer.js';

export interface SocketServerParts extends SocketPeerParts {
  readonly logger: Logger;
  /** Pages of these origins may connect; programs send no origin. */
  readonly origins: readonly string[];
  readonly mostSockets: number;
  /** Aborts when this replica stops. */
  readonly stopping: AbortSignal;
}

const PATH = '/ws';
/** Connections that have not logged in yet: each of them may hold a frame. */
const MOST_STRANGERS = 128;

/** The WebSockets of this replica. What is wrong before the upgrade is an HTTP error, as everywhere. */
export class SocketServer {
  private readonly webSockets: WebSocketServer;
  private readonly peers = new Set<SocketPeer>();

  constructor(private readonly parts: SocketServerParts) {
    this.webSockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: parts.limits.frameBytes });
    this.webSockets.on('headers', (headers, request) => headers.push(`${REQUEST_ID_HEADER}: ${String(request.headers[REQUEST_ID_HEADER])}`));
    parts.stopping.addEventListener('abort', () => {
      for (const peer of this.peers) peer.close('restart', 'this replica stops: connect again');
    });
  }

  /** Takes over a connection that wants a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.open(request, socket, head).catch((error: unknown) => {
      const shown = AppError.from(error);
      logFailure(this.parts.logger, request, shown);
      refuse(socket, shown, request);
    });
  }

  private async open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.check(request);
    const secret = secretOf(request);
    if (secret !== undefined && (await this.parts.keys.resolve(secret)) === undefined) throw unknownKey();
    if (socket.destroyed) return;
    this.check(request); // much may have happened meanwhile
    const keyHash = secret === undefined ? undefined : hashOf(secret).toString('hex');
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => this.begin(webSocket, request, keyHash));
  }

  private check(request: IncomingMessage): void {
    const path = URL.parse(request.url ?? '/', 'http://gateway')?.pathname ?? '';
    if (path !== PATH) throw new AppError(methodsOf(path) ? 'upgrade_not_supported' : 'not_found', `There is no WebSocket at this path, but at ${PATH}.`, { status: methodsOf(path) ? 400 : 404 });
    const { origin, host } = request.headers;
    const { origins, mostSockets, stopping } = this.parts;
    if (origin !== undefined && !origins.includes(origin) && !isOwn(origin, host)) {
      throw new AppError('origin_not_allowed', 'Pages of this origin may not connect: NEXUS_CORS_ORIGINS names those that may.', { status: 403, param: 'origin' });
    }
    if (stopping.aborted) throw new AppError('stopping', 'This replica is stopping.', { status: 503, isRetryable: true });
    const strangers = [...this.peers].filter(({ hasLoggedIn }) => !hasLoggedIn).length;
    if (this.peers.size >= mostSockets || strangers >= MOST_STRANGERS) throw new AppError('too_many_connections', 'This replica has as many WebSockets as it may have. Retry later.', { status: 503, isRetryable: true });
  }

  private begin(webSocket: WebSocket, request: IncomingMessage, keyHash: string | undefined): void {
    const peer = new SocketPeer(webSocket, request, keyHash, this.parts, () => this.peers.delete(peer));
    this.peers.add(peer);
  }
}

/** A page that the gateway's own address served. */
function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

function refuse(socket: Duplex, error: AppError, request: IncomingMessage): void {
  if (!socket.writable) return void socket.destroy();
  const { status, headers, body } = toOpenAiError(error);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers, [REQUEST_ID_HEADER]: String(request.headers[REQUEST_ID_HEADER]), 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${text}`);
}
