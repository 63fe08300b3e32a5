import type { Socket } from 'node:net';

/** What happens to bytes on their way: they pass, wait for better times, come late, or come a few at a time. */
export type FlowMode =
  | { readonly kind: 'open' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'trickle'; readonly bytesPerSecond: number };

const MOST_WAITING_BYTES = 262_144;
const PIECES_PER_SECOND = 50;

interface Piece {
  readonly bytes: Buffer;
  /** On the clock of performance.now(). */
  due: number;
}

/** One direction of a connection: bytes leave in the order in which they came, when the mode lets them. */
export class Flow {
  private readonly waiting: Piece[] = [];
  private waitingBytes = 0;
  private lastDue = 0;
  private timer: NodeJS.Timeout | undefined;
  private hasEnded = false;
  private mode: FlowMode;

  private readonly from: Socket;
  private readonly to: Socket;

  constructor(from: Socket, to: Socket, mode: FlowMode) {
    this.mode = mode;
    this.from = from;
    this.to = to;
    from.on('end', () => {
      this.hasEnded = true;
      this.move();
    });
    to.on('drain', () => this.resume());
  }

  setMode(mode: FlowMode): void {
    this.mode = mode;
    const now = performance.now();
    this.lastDue = now;
    for (const piece of this.waiting) piece.due = this.dueOf(piece.bytes.length, now);
    this.move();
  }

  /** Takes the next bytes. Answers whether they were held up. */
  take(bytes: Buffer): boolean {
    if (this.mode.kind === 'open' && this.waiting.length === 0) {
      this.write(bytes);
      return false;
    }
    const now = performance.now();
    const size = this.mode.kind === 'trickle' ? Math.max(1, Math.floor(this.mode.bytesPerSecond / PIECES_PER_SECOND)) : bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      this.waiting.push({ bytes: piece, due: this.dueOf(piece.length, now) });
    }
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > MOST_WAITING_BYTES) this.from.pause();
    this.move();
    return true;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting.length = 0;
  }

  private dueOf(size: number, now: number): number {
    const { mode } = this;
    if (mode.kind === 'hold') return Infinity;
    if (mode.kind === 'open') return now;
    if (mode.kind === 'delay') return now + mode.milliseconds;
    this.lastDue = Math.max(this.lastDue, now) + (size / mode.bytesPerSecond) * 1_000;
    return this.lastDue;
  }

  private move(): void {
    clearTimeout(this.timer);
    const now = performance.now();
    for (let first = this.waiting[0]; first !== undefined && first.due <= now; first = this.waiting[0]) {
      this.waiting.shift();
      this.waitingBytes -= first.bytes.length;
      this.write(first.bytes);
    }
    const next = this.waiting[0];
    if (next === undefined) {
      if (this.hasEnded && !this.to.writableEnded) this.to.end();
      this.resume();
    } else if (next.due !== Infinity) this.timer = setTimeout(() => this.move(), Math.max(1, next.due - now));
  }

  private write(bytes: Buffer): void {
    if (!this.to.destroyed && !this.to.write(bytes)) this.from.pause();
  }

  private resume(): void {
    if (this.waitingBytes <= MOST_WAITING_BYTES && !this.to.writableNeedDrain) this.from.resume();
  }
}
