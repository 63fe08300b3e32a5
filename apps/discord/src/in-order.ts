/** Does the work of one channel in its order, one after the other; that of different channels at the same time. */
export class InOrder {
  private readonly tails = new Map<string, Promise<void>>();

  /** Resolves when the work is done; work that fails does not stop what comes after it. */
  add(channelId: string, work: () => Promise<void>): Promise<void> {
    const done = (this.tails.get(channelId) ?? Promise.resolve()).then(work);
    const settled = done.catch(() => undefined);
    this.tails.set(channelId, settled);
    void settled.then(() => {
      if (this.tails.get(channelId) === settled) this.tails.delete(channelId);
    });
    return done;
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.tails.size > 0) await Promise.all(this.tails.values());
  }
}
