import { AppError } from '@nexus/core';
import type { GroupRef, RawEntry, StreamReader } from '../stream-transport.js';
import type { MemoryStream } from './memory-stream.js';

/** One reader that blocks: it looks again when something was added to the stream it waits for. */
export class MemoryReader implements StreamReader {
  private isClosed = false;
  private waitsFor: string | undefined;
  private goOn: () => void = () => undefined;

  constructor(
    private readonly streamOf: (key: string) => MemoryStream,
    private readonly onClose: () => void,
  ) {}

  readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.poll(ref.key, () => this.streamOf(ref.key).readGroup(ref, count, Date.now()), blockMs);
  }

  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.poll(key, () => this.streamOf(key).after(afterId, count), blockMs);
  }

  private async poll(key: string, take: () => readonly RawEntry[], blockMs: number): Promise<readonly RawEntry[]> {
    const deadline = Date.now() + blockMs;
    for (;;) {
      if (this.isClosed) throw new AppError('bus_unavailable', 'The bus is closed.', { status: 503, isRetryable: true });
      const entries = take();
      const leftMs = deadline - Date.now();
      if (entries.length > 0 || leftMs <= 0) return entries;
      await this.wait(key, leftMs);
    }
  }

  private wait(key: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.goOn(), ms);
      this.waitsFor = key;
      this.goOn = () => {
        clearTimeout(timer);
        this.waitsFor = undefined;
        this.goOn = () => undefined;
        resolve();
      };
    });
  }

  /** Something was added to the stream of this key. */
  wake(key: string): void {
    if (this.waitsFor === key) this.goOn();
  }

  close(): void {
    this.isClosed = true;
    this.goOn();
    this.onClose();
  }
}
