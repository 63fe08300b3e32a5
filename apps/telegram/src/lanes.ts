/** Work in lanes: what has one key is done one after the other in the order in which it was given, different keys at the same time. */
export class Lanes {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Settles as the work does; what failed before does not keep it from being done. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    const tail = done.then(
      () => undefined,
      () => undefined,
    ).then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    this.tails.set(key, tail);
    return done;
  }

  isBusy(key: string): boolean {
    return this.tails.has(key);
  }

  /** Resolves when nothing that was given until now is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.tails.values());
  }
}
