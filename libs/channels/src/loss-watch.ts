import { setTimeout as delay } from 'node:timers/promises';

/**
 * How messages got lost, as far as one can see: a consumer's group is gone that was there (FLUSHALL, XGROUP DESTROY), or another Redis
 * answers (a restart, which may have forgotten the last second; a failover).
 */
export type Loss = 'group_gone' | 'other_server';

export type LossListener = (loss: Loss) => void;

/** What is noticed within this time counts as one loss. */
const TOGETHER_MS = 250;

/** Tells of losses, once for all that is noticed together, and not before Redis answers again. */
export class LossWatch {
  private readonly listeners = new Set<LossListener>();
  private readonly closing = new AbortController();
  private isTelling = false;

  /** @param ping rejects while Redis does not answer, or still reads its files. */
  constructor(private readonly ping: () => Promise<void>) {}

  /** Gives back what ends it. */
  on(listener: LossListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  report(loss: Loss): void {
    if (this.isTelling || this.listeners.size === 0) return;
    this.isTelling = true;
    void this.tell(loss);
  }

  private async tell(loss: Loss): Promise<void> {
    do await delay(TOGETHER_MS, undefined, { signal: this.closing.signal, ref: false }).catch(() => undefined);
    while (!this.closing.signal.aborted && !(await this.answers()));
    this.isTelling = false;
    if (!this.closing.signal.aborted) for (const listener of [...this.listeners]) listener(loss);
  }

  private answers(): Promise<boolean> {
    return this.ping().then(() => true, () => false);
  }

  close(): void {
    this.closing.abort();
    this.listeners.clear();
  }
}
