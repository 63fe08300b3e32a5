/** Where a part stands: the next one, one that was there before, or one that others are missing before. */
export type PartPlace = 'next' | 'repeated' | 'gap';

/** Watches that numbered parts, counted from 0, come once and in order. */
export class PartOrder {
  private count = 0n;

  /** Parts that came in order so far. */
  get seen(): bigint {
    return this.count;
  }

  place(seq: bigint): PartPlace {
    if (seq < this.count) return 'repeated';
    if (seq > this.count) return 'gap';
    this.count++;
    return 'next';
  }
}
