import type { ServerResponse } from 'node:http';
import { failpoint } from '@nexus/core';
import { NEXUS_HEADERS } from '../domain/nexus-headers.js';

/** How much may wait for a reader who takes less than it is sent. */
export interface SlowReaderLimits {
  /** More than this, and still after `patienceMs`, is a reader that is too slow. */
  readonly softBytes: number;
  readonly patienceMs: number;
  /** More than this is too much at any time. */
  readonly hardBytes: number;
}

const LIMITS: SlowReaderLimits = { softBytes: 1_048_576, patienceMs: 5_000, hardBytes: 33_554_432 };
const HEARTBEAT_MS = 15_000;
const COME_BACK_MS = 500;

/** A response as a stream of server-sent events, with a bound on what waits for a slow reader. */
export class EventStream {
  private heartbeat: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
  private isOver = false;

  /** `onGone` is called once when the reader is gone, or was cut because it reads too slowly; not after end(). */
  constructor(
    private readonly response: ServerResponse,
    private readonly onGone: () => void,
    private readonly limits = LIMITS,
  ) {
    response.once('close', () => response.writableEnded || this.gone());
  }

  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  /** Sends the head, so that the reader knows that it is being served. */
  begin(): void {
    if (this.isOver) return;
    this.writeHead();
    this.response.flushHeaders();
  }

  /** Keeps proxies from closing a stream on which nothing is said for long: a comment every 15 s. */
  keepAlive(comment: string): void {
    this.heartbeat ??= setInterval(() => this.write(comment), HEARTBEAT_MS);
  }

  /** Writes whole events. */
  write(events: Uint8Array | string): void {
    if (this.isOver || this.breaksHere()) return;
    this.writeHead();
    this.response.write(events);
    this.watchReader();
  }

  /** Ends the stream before its end, and tells the reader to ask for the rest soon: somebody else will answer. */
  leave(): void {
    this.end(`retry: ${COME_BACK_MS}\n\n`);
  }

  /** `late` (names and values) is what is known by now of the answer: it goes into the head when that was not sent, else into the trailers of a reader who takes them. */
  end(events: string, late: Readonly<Record<string, string>> = {}): void {
    if (this.isOver || this.breaksHere()) return;
    if (this.hasBegun) {
      if (this.takesTrailers) this.response.addTrailers(late);
    } else this.writeHead(late);
    this.close();
    this.response.end(events);
  }

  /** Goes out with the first event. */
  private writeHead(more: Readonly<Record<string, string>> = {}): void {
    if (this.hasBegun) return;
    const trailer = this.takesTrailers ? { trailer: NEXUS_HEADERS.join(', ') } : {};
    this.response.writeHead(200, { ...more, ...trailer, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
  }

  private get takesTrailers(): boolean {
    return /(?:^|,)\s*trailers\b/i.test(String(this.response.req.headers.te ?? ''));
  }

  /** True when a fault was injected between two events: the stream is cut then, as by a lost connection. */
  private breaksHere(): boolean {
    if (!this.hasBegun) return false;
    try {
      failpoint('gateway.mid-stream');
      return false;
    } catch {
      this.cut();
      return true;
    }
  }

  private watchReader(): void {
    const waiting = this.response.writableLength;
    if (waiting <= this.limits.softBytes) return;
    if (waiting > this.limits.hardBytes) this.cut();
    else {
      this.patience ??= setTimeout(() => {
        this.patience = undefined;
        if (this.response.writableLength > this.limits.softBytes) this.cut();
      }, this.limits.patienceMs);
    }
  }

  private cut(): void {
    this.response.destroy();
    this.gone();
  }

  private gone(): void {
    if (this.isOver) return;
    this.close();
    this.onGone();
  }

  private close(): void {
    this.isOver = true;
    clearInterval(this.heartbeat);
    clearTimeout(this.patience);
  }
}
