/**
 * Entries that a consumer took and that are not acknowledged yet, each with the last time (of `performance.now()`) at which it was surely
 * this consumer's.
 */
export class InFlight {
  private readonly surelyOursAt = new Map<string, number>();
  /** Entries that another consumer took over. */
  private readonly lost = new Set<string>();
  private changed = Promise.withResolvers<void>();

  /** @param sureForMs for this long after that time nobody can have taken an entry over. */
  constructor(private readonly sureForMs: number) {}

  get size(): number {
    return this.surelyOursAt.size;
  }

  /** Resolves when entries have left, or at `wake`. */
  get change(): Promise<void> {
    return this.changed.promise;
  }

  has(id: string): boolean {
    return this.surelyOursAt.has(id);
  }

  /** Nothing changes for one that is under way already. */
  add(id: string, since: number): void {
    if (!this.surelyOursAt.has(id)) this.surelyOursAt.set(id, since);
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      this.surelyOursAt.delete(id);
      this.lost.delete(id);
    }
    this.wake();
  }

  /** False when this consumer was held up for so long that the entry may be another's by now. */
  isSurelyOurs(id: string, now: number): boolean {
    return now - (this.surelyOursAt.get(id) ?? 0) < this.sureForMs;
  }

  /** Those not known to be ours since this time, and not known to be lost. */
  unseenSince(time: number): string[] {
    return [...this.surelyOursAt].flatMap(([id, at]) => (at < time && !this.lost.has(id) ? [id] : []));
  }

  /** These were asked about at `askedAt`, and those `owned` are ours; gives back how many turned out to be lost. */
  confirm(asked: readonly string[], owned: readonly string[], askedAt: number): number {
    for (const id of owned) if (this.surelyOursAt.has(id)) this.surelyOursAt.set(id, askedAt);
    const before = this.lost.size;
    // one that is being acknowledged is not ours any more either, but only just
    for (const id of asked) if (this.surelyOursAt.has(id) && !this.isSurelyOurs(id, askedAt)) this.lost.add(id);
    return this.lost.size - before;
  }

  wake(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers<void>();
  }
}
