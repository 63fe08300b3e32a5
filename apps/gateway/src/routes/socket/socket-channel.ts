import type { RawData, WebSocket } from 'ws';
import { closeCodes, type CloseReason } from './close-codes.js';
import type { ServerFrame } from './server-frame.js';
import type { SocketLimits } from './socket-limits.js';
import type { SocketMetrics } from './socket-metrics.js';

export interface SocketListener {
  onText(text: string): void;
  /** Every heartbeat that finds the client alive. */
  onBeat(): void;
  /** Once, however it ended. */
  onGone(): void;
}

/** Heartbeats in which nothing was heard of the client, after which it counts as gone. */
const SILENT_BEATS = 2;

/** A WebSocket as a way for frames: with heartbeats, and a bound on what waits for a slow reader. */
export class SocketChannel {
  private readonly heartbeat: NodeJS.Timeout;
  private silentBeats = 0;
  private cut: NodeJS.Timeout | undefined;
  /** Said by the gateway; a client that is cut off never answers it. */
  private closedWith: number | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly limits: SocketLimits,
    private readonly metrics: SocketMetrics,
    private readonly listener: SocketListener,
  ) {
    metrics.opened();
    const heard = (): void => void (this.silentBeats = 0);
    socket.on('message', (data, isBinary) => {
      heard();
      this.receive(data, isBinary);
    });
    socket.on('ping', heard).on('pong', heard);
    socket.on('error', () => undefined); // the close that follows says all that is to be known
    socket.once('close', (code) => this.gone(code));
    this.heartbeat = setInterval(() => this.beat(), limits.heartbeatMs).unref();
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Does nothing once the socket is closing. A reader for whom too much waits is closed with 1013. */
  send(frame: ServerFrame): void {
    if (!this.isOpen) return;
    this.metrics.frame('out', frame.type);
    this.socket.send(JSON.stringify(frame));
    if (this.socket.bufferedAmount > this.limits.bufferBytes) this.close('tryAgain', 'the client reads too slowly');
  }

  /** `words` are for people, at most 123 bytes. */
  close(reason: CloseReason, words: string): void {
    if (!this.isOpen) return;
    this.closedWith = closeCodes[reason];
    this.socket.close(this.closedWith, words);
    this.cut = setTimeout(() => this.socket.terminate(), this.limits.closeWithinMs).unref();
  }

  /** Reads no more for now: what the client sends waits at its side. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (isBinary) this.close('notText', 'frames are JSON text');
    else if (this.isOpen) this.listener.onText(Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data as ArrayBuffer).toString('utf8'));
  }

  private beat(): void {
    if (this.silentBeats++ >= SILENT_BEATS) return this.socket.terminate();
    if (!this.isOpen) return;
    this.socket.ping();
    this.send({ type: 'ping' });
    this.listener.onBeat();
  }

  private gone(code: number): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.cut);
    this.metrics.closed(this.closedWith ?? code);
    this.listener.onGone();
  }
}
