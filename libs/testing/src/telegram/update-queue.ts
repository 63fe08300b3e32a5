import { BotApiError } from './bot-api-error.js';

/** One of Telegram's Update objects. */
export interface FakeUpdate {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: BotApiError) => void;
}

/** What the bot has not confirmed: handed out again and again until an offset beyond it is asked for, or a webhook took it. */
export class UpdateQueue {
  private readonly pending: FakeUpdate[] = [];
  private readonly known = new Map<number, FakeUpdate>();
  private readonly repeated = new Set<FakeUpdate>();
  private waiting: Waiting | undefined;
  private nextId = 700_000;
  /** Told of every new update. */
  onAdded: () => void = () => undefined;

  add(kind: string, content: object): number {
    const update: FakeUpdate = { update_id: this.nextId++, [kind]: content };
    this.known.set(update.update_id, update);
    this.put(update);
    return update.update_id;
  }

  /** The same update once more, as Telegram does when it did not hear that it was taken. */
  addAgain(updateId: number): void {
    const update = this.known.get(updateId);
    if (update === undefined) return;
    const repetition = { ...update };
    this.repeated.add(repetition);
    this.put(repetition);
  }

  first(): FakeUpdate | undefined {
    return this.pending[0];
  }

  confirmFirst(): void {
    this.pending.shift();
  }

  get isPolled(): boolean {
    return this.waiting !== undefined;
  }

  get size(): number {
    return this.pending.length;
  }

  clear(): void {
    this.pending.length = 0;
  }

  /** getUpdates: forgets what is before `offset`; waits up to `timeoutMs` for something to hand out. A second call ends the first one. */
  async take(offset: number, limit: number, timeoutMs: number, signal: AbortSignal): Promise<readonly FakeUpdate[]> {
    this.interrupt();
    if (offset > 0) {
      const kept = this.pending.filter(({ update_id }) => update_id >= offset);
      // A repeated update is older than the offset: it is handed out once, then gone.
      const repeated = this.pending.filter((update) => update.update_id < offset && this.repeated.has(update));
      this.pending.splice(0, this.pending.length, ...repeated, ...kept);
    }
    if (this.pending.length === 0 && timeoutMs > 0) await this.arrival(timeoutMs, signal);
    const taken = this.pending.slice(0, limit);
    for (const update of taken) this.repeated.delete(update);
    return taken;
  }

  /** Ends a getUpdates that waits: another one came, or a webhook was set. */
  interrupt(): void {
    this.waiting?.reject(new BotApiError(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'));
  }

  private put(update: FakeUpdate): void {
    this.pending.push(update);
    this.waiting?.resolve();
    this.onAdded();
  }

  private arrival(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        if (this.waiting === waiting) this.waiting = undefined;
        end();
      };
      const waiting: Waiting = { resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) };
      const timer = setTimeout(() => waiting.resolve(), timeoutMs);
      this.waiting = waiting;
      signal.addEventListener('abort', () => waiting.resolve(), { once: true });
    });
  }
}
