/** Updates that are known to be safe are remembered up to this number, so that their repetition is told from news. */
const REMEMBERED = 10_000;

/** Which updates came, and which of them are safe with NEXUS: Telegram is told of an update only when all before it are safe. */
export class SeenUpdates {
  private readonly open = new Map<number, Promise<void>>();
  private readonly safe = new Set<number>();
  private highest: number | undefined;

  /** Takes an update once: its repetition waits for the same work. Rejects when the update is not safe, which is then taken anew. */
  take(updateId: number, work: () => Promise<void>): Promise<void> {
    if (this.safe.has(updateId)) return Promise.resolve();
    const known = this.open.get(updateId);
    if (known !== undefined) return known;
    this.highest = Math.max(this.highest ?? updateId, updateId);
    const taken = work().then(() => this.settle(updateId));
    this.open.set(updateId, taken);
    taken.catch(() => this.open.delete(updateId));
    return taken;
  }

  /** The offset that confirms what is safe and nothing else; undefined before the first update. */
  get offset(): number | undefined {
    if (this.open.size > 0) return Math.min(...this.open.keys());
    return this.highest === undefined ? undefined : this.highest + 1;
  }

  get isAllSafe(): boolean {
    return this.open.size === 0;
  }

  /** Resolves when everything that came is settled, safe or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.open.values());
  }

  private settle(updateId: number): void {
    this.open.delete(updateId);
    this.safe.add(updateId);
    if (this.safe.size <= REMEMBERED) return;
    const [oldest] = this.safe;
    if (oldest !== undefined) this.safe.delete(oldest);
  }
}
