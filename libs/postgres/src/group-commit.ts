import { AppError } from '@nexus/core';

interface GroupCommitOptions<In, Out> {
  /** Commits all or nothing, and answers one result for each item, in their order. */
  readonly commit: (batch: readonly In[]) => Promise<readonly Out[]>;
  /** Two items that share a key never stand in one batch. */
  readonly keysOf: (item: In) => readonly string[];
  /** A batch takes no further item once its items have this many keys; default 256. */
  readonly fullAt?: number;
}

interface Waiting<In, Out> {
  readonly item: In;
  readonly keys: readonly string[];
  readonly resolve: (result: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** A third commit at once would only make each of them smaller. */
const MOST_IN_FLIGHT = 2;
const CONFLICT_RETRIES = 3;

/**
 * Natural group commit: items wait in an array while two commits are under way, and those that have gathered then go together; no timer.
 * A batch that fails for good is tried item by item, so that one bad item fails alone; one that met a conflict (`database_conflict`) is
 * tried again, and any other retryable error is everybody's.
 */
export class GroupCommit<In, Out> {
  private waiting: Waiting<In, Out>[] = [];
  private inFlight = 0;
  private isScheduled = false;
  private readonly fullAt: number;

  constructor(private readonly options: GroupCommitOptions<In, Out>) {
    this.fullAt = options.fullAt ?? 256;
  }

  /** Resolves once the item's batch is committed. */
  submit(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, keys: this.options.keysOf(item), resolve, reject });
      this.schedule();
    });
  }

  /** What arrives in one turn of the event loop goes together. */
  private schedule(): void {
    if (this.isScheduled || this.inFlight >= MOST_IN_FLIGHT) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      while (this.waiting.length > 0 && this.inFlight < MOST_IN_FLIGHT) void this.run(this.take());
    });
  }

  private take(): Waiting<In, Out>[] {
    const batch: Waiting<In, Out>[] = [];
    const later: Waiting<In, Out>[] = [];
    const keys = new Set<string>();
    for (const entry of this.waiting) {
      if (keys.size >= this.fullAt || entry.keys.some((key) => keys.has(key))) {
        later.push(entry);
        continue;
      }
      for (const key of entry.keys) keys.add(key);
      batch.push(entry);
    }
    this.waiting = later;
    return batch;
  }

  private async run(batch: readonly Waiting<In, Out>[]): Promise<void> {
    this.inFlight++;
    try {
      await this.settle(batch);
    } finally {
      this.inFlight--;
      if (this.waiting.length > 0) this.schedule();
    }
  }

  private async settle(batch: readonly Waiting<In, Out>[]): Promise<void> {
    try {
      const results = await this.commit(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Out));
    } catch (error) {
      if (batch.length === 1 || AppError.from(error).isRetryable) {
        for (const { reject } of batch) reject(error);
        return;
      }
      for (const entry of batch) await this.settle([entry]);
    }
  }

  private async commit(items: readonly In[]): Promise<readonly Out[]> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.options.commit(items);
      } catch (error) {
        if (AppError.from(error).code !== 'database_conflict' || retries >= CONFLICT_RETRIES) throw error;
      }
    }
  }
}
