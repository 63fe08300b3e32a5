import type { Clock } from '@nexus/core';

export interface ExpiringCacheOptions<V> {
  readonly clock: Clock;
  readonly load: (key: string) => Promise<V>;
  /** Milliseconds that a value is kept. */
  readonly keepMs: (value: V) => number;
  /** Most values kept; the one put in first goes first. Default 10,000. */
  readonly capacity?: number;
}

/** Remembers what `load` said for a while; concurrent questions for one key are one load. What fails is not kept. */
export class ExpiringCache<V> {
  private readonly kept = new Map<string, { readonly value: V; readonly until: number }>();
  private readonly loading = new Map<string, Promise<V>>();

  constructor(private readonly options: ExpiringCacheOptions<V>) {}

  get(key: string): Promise<V> {
    const value = this.peek(key);
    if (value !== undefined) return Promise.resolve(value);
    const underWay = this.loading.get(key);
    if (underWay !== undefined) return underWay;
    const loaded = this.load(key);
    this.loading.set(key, loaded);
    return loaded;
  }

  /** The value if it is kept and fresh, without loading. */
  peek(key: string): V | undefined {
    const entry = this.kept.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.options.clock.now()) return entry.value;
    this.kept.delete(key);
    return undefined;
  }

  /** Forgets what matches, and all loads under way: their answers may be older than the change. */
  forget(matches: (value: V, key: string) => boolean): void {
    this.loading.clear();
    for (const [key, entry] of this.kept) if (matches(entry.value, key)) this.kept.delete(key);
  }

  private async load(key: string): Promise<V> {
    // One turn later this promise stands in `loading`: only then can be told whether forget() came in between.
    await Promise.resolve();
    const mine = this.loading.get(key);
    try {
      const value = await this.options.load(key);
      if (this.loading.get(key) === mine) this.keep(key, value);
      return value;
    } finally {
      if (this.loading.get(key) === mine) this.loading.delete(key);
    }
  }

  private keep(key: string, value: V): void {
    const oldest = this.kept.size >= (this.options.capacity ?? 10_000) ? this.kept.keys().next().value : undefined;
    if (oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(key, { value, until: this.options.clock.now() + this.options.keepMs(value) });
  }
}
