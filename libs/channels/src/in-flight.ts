/** Entries that a consumer took and that are not acknowledged yet. */
export class InFlight {
  private readonly takenAt = new Map<string, number>();
  private changed = Promise.withResolvers<void>();

  get size(): number {
    return this.takenAt.size;
  }

  /** Resolves when entries have left, or at `wake`. */
  get change(): Promise<void> {
    return this.changed.promise;
  }

  has(id: string): boolean {
    return this.takenAt.has(id);
  }

  add(id: string, now: number): void {
    this.takenAt.set(id, now);
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.takenAt.delete(id);
    this.wake();
  }

  takenBefore(time: number): string[] {
    return [...this.takenAt].flatMap(([id, takenAt]) => (takenAt < time ? [id] : []));
  }

  wake(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers<void>();
  }
}
