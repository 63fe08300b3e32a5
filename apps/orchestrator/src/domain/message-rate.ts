const MINUTE_MS = 60_000;

/** Counts messages of the last minute, each once. */
export class MessageRate {
  /** By who sent them; those that sent last come last. */
  private readonly sent = new Map<string, Map<string, number>>();

  /** @param mostSenders how many are remembered; of more, those that were silent longest begin anew. */
  constructor(private readonly mostSenders = 10_000) {}

  /** Counts a message, and answers 0; when the sender had as many within the minute, counts nothing and answers for how many milliseconds it has to wait. */
  take(sender: string, messageId: string, perMinute: number, now: number): number {
    const mine = this.sent.get(sender) ?? new Map<string, number>();
    this.sent.delete(sender);
    this.sent.set(sender, mine);
    this.forgetSilent();
    for (const [id, at] of mine) {
      if (at + MINUTE_MS > now) break;
      mine.delete(id);
    }
    if (mine.has(messageId)) return 0;
    if (mine.size < perMinute) {
      mine.set(messageId, now);
      return 0;
    }
    const [next = now] = [...mine.values()].slice(mine.size - perMinute);
    return next + MINUTE_MS - now;
  }

  private forgetSilent(): void {
    const [silent] = this.sent.size > this.mostSenders ? this.sent.keys() : [];
    if (silent !== undefined) this.sent.delete(silent);
  }
}
