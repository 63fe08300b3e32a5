import { AppError } from '@nexus/core';
import { WebSocket, type RawData } from 'ws';
import { readFrame, type GatewayFrame } from './gateway-frames.js';

export interface GatewaySocketOptions {
  /** Of the gateway, http or https. */
  readonly url: string;
  readonly token: string;
  readonly onFrame: (frame: GatewayFrame) => void;
  /** Once, when it is over; with the reason where the gateway would not have the connection. */
  readonly onClose: (error: AppError | undefined) => void;
}

const OPEN_WITHIN_MS = 10_000;
/** So many heartbeats may be missed before the other end counts as gone. */
const MISSED = 2.5;
const CLOSE_WITHIN_MS = 500;
/** Frames of the gateway are smaller; an answer may be long. */
const LARGEST_FRAME = 32 * 1_048_576;

/** One connection to `GET /ws` of the gateway, from its opening to its end. */
export class GatewaySocket {
  /** The gateway has greeted: messages may be sent. */
  isWelcome = false;
  private readonly socket: WebSocket;
  private watch: NodeJS.Timeout;
  private quietMs = OPEN_WITHIN_MS;
  private reason: AppError | undefined;
  private readonly closed = Promise.withResolvers<void>();

  constructor(private readonly options: GatewaySocketOptions) {
    const address = new URL('/ws', options.url);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(address, { headers: { authorization: `Bearer ${options.token}` }, handshakeTimeout: OPEN_WITHIN_MS, maxPayload: LARGEST_FRAME });
    this.watch = setTimeout(() => this.socket.terminate(), OPEN_WITHIN_MS);
    this.socket.on('message', (text) => this.onMessage(text));
    this.socket.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      this.reason = new AppError('gateway_refused', `The gateway would not open a WebSocket: it answered ${status}.${status === 401 || status === 403 ? ' Check the token.' : ''}`, { status });
      this.socket.terminate();
    });
    this.socket.on('error', () => undefined); // `close` follows
    this.socket.on('close', () => this.onClose());
  }

  /** Resolves when the frame is handed to the network; rejects with a retryable AppError. */
  send(frame: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(JSON.stringify(frame), (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new AppError('gateway_unreachable', 'The connection to the gateway was lost.', { status: 503, isRetryable: true, cause: error }));
      });
    });
  }

  pong(id: string | null | undefined): void {
    this.send({ type: 'pong', ...(id && { id }) }).catch(() => undefined); // then it is over
  }

  async close(): Promise<void> {
    this.socket.close(1000);
    const end = setTimeout(() => this.socket.terminate(), CLOSE_WITHIN_MS);
    await this.closed.promise;
    clearTimeout(end);
  }

  private onMessage(text: RawData): void {
    this.lives();
    const frame = readFrame(asText(text));
    if (frame === undefined) return;
    if (frame.type === 'welcome') {
      this.isWelcome = true;
      this.quietMs = frame.heartbeat_ms * MISSED;
      this.lives();
    }
    this.options.onFrame(frame);
  }

  private lives(): void {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.socket.terminate(), this.quietMs);
  }

  private onClose(): void {
    clearTimeout(this.watch);
    this.isWelcome = false;
    this.closed.resolve();
    this.options.onClose(this.reason);
  }
}

function asText(received: RawData): string {
  if (Array.isArray(received)) return Buffer.concat(received).toString('utf8');
  return Buffer.isBuffer(received) ? received.toString('utf8') : Buffer.from(received).toString('utf8');
}
