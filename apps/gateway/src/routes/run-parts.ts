import type { ProgressMessage } from '@nexus/runtime';

/** Parts that wait to be written: what comes beyond is dropped, for the answer holds it all. */
const MOST_WAITING = 10_000;

/** The live parts of one run, from when they are heard until they are written. */
export class RunParts {
  private readonly waiting: ProgressMessage[] = [];
  private wake: (() => void) | undefined;

  add(part: ProgressMessage): void {
    if (this.waiting.length < MOST_WAITING) this.waiting.push(part);
    this.wake?.();
  }

  take(): ProgressMessage | undefined {
    return this.waiting.shift();
  }

  /** Resolves with the next part, with wakeUp(), or after this time. */
  wait(milliseconds: number): Promise<void> {
    if (this.waiting.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wakeUp(): void {
    this.wake?.();
  }
}
