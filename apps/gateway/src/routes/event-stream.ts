import type { ServerResponse } from 'node:http';

/** What may wait for a slow reader before its stream is cut. */
const MOST_BUFFERED_BYTES = 1_048_576;
const HEARTBEAT_MS = 15_000;

/** A response as a stream of server-sent events, with a bound on what a slow reader may leave behind. */
export class EventStream {
  private heartbeat: NodeJS.Timeout | undefined;
  private isOver = false;

  /** `onGone` is called once when the reader is gone, or was cut because it reads too slowly; not after end(). */
  constructor(
    private readonly response: ServerResponse,
    private readonly onGone: () => void,
  ) {
    response.once('close', () => response.writableEnded || this.gone());
  }

  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  /** Sends the head, so that the reader knows that it is being served. */
  begin(): void {
    if (this.isOver || this.hasBegun) return;
    this.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
  }

  /** Keeps proxies from closing a stream on which nothing is said for long: a comment every 15 s. */
  keepAlive(comment: string): void {
    this.heartbeat ??= setInterval(() => this.write(comment), HEARTBEAT_MS);
  }

  /** Writes whole events. */
  write(events: Uint8Array | string): void {
    if (this.isOver) return;
    this.begin();
    this.response.write(events);
    if (this.response.writableLength > MOST_BUFFERED_BYTES) {
      this.response.destroy();
      this.gone();
    }
  }

  end(events: string): void {
    if (this.isOver) return;
    this.begin();
    this.close();
    this.response.end(events);
  }

  private gone(): void {
    if (this.isOver) return;
    this.close();
    this.onGone();
  }

  private close(): void {
    this.isOver = true;
    clearInterval(this.heartbeat);
  }
}
