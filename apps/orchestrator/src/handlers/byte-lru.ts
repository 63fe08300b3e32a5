/** Keeps what was used last, up to a number of bytes; what falls out is told to `onEvicted`. */
export class ByteLru<V extends { readonly bytes: number }> {
  private readonly kept = new Map<string, V>();
  private total = 0;

  constructor(
    private readonly capacityBytes: number,
    private readonly onEvicted: (key: string) => void = () => undefined,
  ) {}

  get(key: string): V | undefined {
    const value = this.kept.get(key);
    if (value !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, value);
    }
    return value;
  }

  /** A value larger than everything is not kept. */
  set(key: string, value: V): void {
    this.remove(key);
    if (value.bytes > this.capacityBytes) return this.onEvicted(key);
    this.kept.set(key, value);
    this.total += value.bytes;
    for (const oldest of this.kept.keys()) {
      if (this.total <= this.capacityBytes) break;
      this.remove(oldest);
      this.onEvicted(oldest);
    }
  }

  delete(key: string): void {
    this.remove(key);
  }

  get bytes(): number {
    return this.total;
  }

  private remove(key: string): void {
    const value = this.kept.get(key);
    if (value === undefined) return;
    this.kept.delete(key);
    this.total -= value.bytes;
  }
}
