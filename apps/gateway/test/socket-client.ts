import { waitFor } from '@nexus/testing';
import { WebSocket } from 'ws';
import { serverFrames } from '../src/routes/socket/server-frame.js';

export type Frame = Record<string, unknown> & { readonly type: string };

/** A client of the WebSocket, which holds every frame against its schema. */
export class SocketClient {
  readonly frames: Frame[] = [];
  /** Code and words of the close; undefined while it is open. */
  closed: { readonly code: number; readonly words: string } | undefined;
  readonly socket: WebSocket;
  private read = 0;

  constructor(url: string, key?: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers } });
    this.socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame;
      const schema = serverFrames[frame.type as keyof typeof serverFrames];
      this.frames.push(schema.parse(frame));
    });
    this.socket.on('close', (code, words) => (this.closed = { code, words: words.toString('utf8') }));
    this.socket.on('error', () => undefined);
  }

  /** Connects, and waits for the welcome. */
  static async open(url: string, key?: string): Promise<SocketClient> {
    const client = new SocketClient(url, key);
    await client.next('welcome');
    return client;
  }

  say(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame of this type; frames before it are passed over. */
  next(type: string, withinMs = 5_000): Promise<Frame> {
    return waitFor(() => this.take(type), { timeoutMs: withinMs, what: `a frame ${type}` });
  }

  private take(type: string): Frame | undefined {
    while (this.read < this.frames.length) {
      const frame = this.frames[this.read++];
      if (frame?.type === type) return frame;
    }
    return undefined;
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  end(): void {
    this.socket.terminate();
  }
}

/** The HTTP answer with which an upgrade is refused. */
export function refusedUpgrade(url: string, headers: Record<string, string>, path = '/ws'): Promise<{ readonly status: number; readonly body: { error?: { code?: string } }; readonly requestId: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers });
    socket.on('error', () => undefined);
    socket.on('open', () => reject(new Error('it was not refused')));
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as { error?: { code?: string } }, requestId: String(response.headers['x-request-id']) }));
    });
  });
}
