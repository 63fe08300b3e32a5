/** Entries that were published within the same slot are counted together. */
const SLOT_MS = 10;
/** Half a minute of them: what was published before is not watched any more, as long as nobody says what was taken. */
const MOST_SLOTS = 3_000;
/**
 * The rate is the mean of all observations at first, later of about so many: 10 s of them. Calls that began together end together, so that
 * a shorter mean would follow the beat of their durations.
 */
const MOST_OBSERVATIONS = 100;
/** A forecast from a limit's quarter on: what waits less is on its way, not in a queue. */
const EVIDENCE_SHARE = 0.25;
const DOUBT_SHARE = 1.5;
/** What is known is that old at most; nobody is refused for what nobody knows. */
const FRESH_MS = 2_000;

interface Slot {
  readonly at: number;
  count: number;
}

/**
 * How long what one replica publishes to a queue now would wait there. The age of the queue's oldest entry tells how long it was, and of
 * which of its own entries the replica knows that they still wait; how fast these are taken tells how long it will be. Times in milliseconds.
 */
export class QueueForecast {
  /** Own entries that may still wait, the oldest first. */
  private slots: Slot[] = [];
  private waiting = 0;
  /** Published since the last observation. */
  private published = 0;
  /** Own entries taken a millisecond while the queue was never empty; undefined as long as it was not. */
  private rate: number | undefined;
  private observations = 0;
  private ageMs = 0;
  private observedAt = -Infinity;

  /** An entry was published. */
  publish(now: number): void {
    const last = this.slots.at(-1);
    if (last && now - last.at < SLOT_MS) last.count++;
    else this.slots.push({ at: now, count: 1 });
    if (this.slots.length > MOST_SLOTS) this.waiting -= this.slots.shift()?.count ?? 0;
    this.waiting++;
    this.published++;
  }

  /** The oldest entry of the queue, whoever published it, waits this long; 0 when it is empty. */
  observe(now: number, ageMs: number): void {
    const before = this.waiting - this.published;
    this.forgetTaken(ageMs > 0 ? now - ageMs : now);
    const taken = before + this.published - this.waiting;
    const elapsed = now - this.observedAt;
    if (ageMs === 0) this.forgetRate();
    else if (this.ageMs > 0 && elapsed > 0 && elapsed < FRESH_MS) this.learn(taken / elapsed);
    this.ageMs = ageMs;
    this.observedAt = now;
    this.published = 0;
  }

  private forgetTaken(publishedBefore: number): void {
    let first = 0;
    for (let slot = this.slots[first]; slot && slot.at < publishedBefore; slot = this.slots[++first]) this.waiting -= slot.count;
    this.slots = this.slots.slice(first);
  }

  private learn(rate: number): void {
    this.observations = Math.min(this.observations + 1, MOST_OBSERVATIONS);
    this.rate = this.rate === undefined ? rate : this.rate + (rate - this.rate) / this.observations;
  }

  private forgetRate(): void {
    this.rate = undefined;
    this.observations = 0;
  }

  /** Milliseconds that an entry published now would wait; without a rate, what the oldest waited when it was last looked at. */
  waitMs(now: number): number {
    if (now - this.observedAt > FRESH_MS) return 0;
    if (this.rate === undefined || this.rate === 0 || this.waiting === 0) return this.ageMs;
    return Math.max(0, this.waiting / this.rate - (now - this.observedAt));
  }

  /** True when it would wait the limit or longer, as far as is known; a queue that is older than foreseen casts doubt on the forecast. */
  exceeds(limitMs: number, now: number): boolean {
    if (this.ageMs < limitMs * EVIDENCE_SHARE) return false;
    const waitMs = this.waitMs(now);
    return waitMs >= limitMs || (this.ageMs >= limitMs * DOUBT_SHARE && waitMs >= limitMs / 2);
  }
}
